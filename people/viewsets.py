"""Back-office lists and forms for accounts, posts and licence types."""

from django.utils.functional import cached_property
from django.utils.translation import pgettext_lazy
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.users.views.users import IndexView, UserViewSet

from people.admin_forms import AccountCreationForm, AccountEditForm
from people.models import LicenceType, Post


class AccountIndexView(IndexView):
    """The list of accounts, searched by user name and name."""

    @cached_property
    def search_fields(self):
        """Return the fields looked through."""
        return {"username", "name", "email"}

    def order_queryset(self, queryset):
        """Order by the one name there is."""
        if self.ordering in ("name", "-name"):
            return queryset.order_by(self.ordering)
        return super().order_queryset(queryset)


class AccountViewSet(UserViewSet):
    """Accounts in Wagtail's user administration."""

    index_view_class = AccountIndexView

    def get_form_class(self, for_update=False):
        """Return the form that knows one name."""
        return AccountEditForm if for_update else AccountCreationForm


class PostViewSet(ModelViewSet):
    """Posts: hazards, demanded licences, duties."""

    model = Post
    icon = "tag"
    menu_label = pgettext_lazy("plural", "岗位")
    menu_name = "posts"
    menu_order = 220
    add_to_admin_menu = True
    list_display = ["name", "code", "is_principal", "is_safety_manager"]
    list_filter = ["is_principal", "is_safety_manager", "hazards", "demanded_licences"]
    search_fields = ["name", "code"]
    form_fields = ["name", "code", "hazards", "demanded_licences", "is_principal", "is_safety_manager"]
    ordering = ["name"]
    add_to_reference_index = False


class LicenceTypeViewSet(ModelViewSet):
    """Kinds of external licences, each with the law behind it."""

    model = LicenceType
    icon = "clipboard-list"
    menu_label = pgettext_lazy("plural", "证件种类")
    menu_name = "licence-types"
    menu_order = 230
    add_to_settings_menu = True
    list_display = ["name", "code", "family", "legal_basis"]
    list_filter = ["family"]
    search_fields = ["name", "code"]
    form_fields = ["code", "name", "family", "legal_basis"]
    ordering = ["code"]
    add_to_reference_index = False
