"""Back-office lists and forms for accounts, posts and licence types."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ProtectedError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_filters import BooleanFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic import DeleteView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button
from wagtail.users.views.users import DeleteView as UserDeleteView
from wagtail.users.views.users import IndexView, UserViewSet

from common.clock import now, today
from people.actions.posts import save_post
from people.admin_forms import AccountCreationForm, AccountEditForm, PostForm
from people.errors import PostRefused
from people.models import LicenceType, Post, WorkFeature
from people.queries.posts import is_used, posts_with_people


class KeepReferencedMixin:
    """Deleting what facts refer to says so, instead of failing."""

    def form_valid(self, form):
        """Delete, or go back with a message that names what stands in the way."""
        try:
            with transaction.atomic():
                return super().form_valid(form)
        except ProtectedError as error:
            kinds = sorted({str(one._meta.verbose_name) for one in error.protected_objects})
            messages.error(
                self.request,
                _("“%(name)s”不能删除：已有记录引用它（%(kinds)s）。账号请改为停用，其他资料请不再选用。")
                % {"name": self.object, "kinds": _("、").join(kinds)},
            )
            return redirect(self.get_success_url())


class KeepReferencedDeleteView(KeepReferencedMixin, DeleteView):
    """Deletion in the lists of this site."""


class AccountDeleteView(KeepReferencedMixin, UserDeleteView):
    """Deletion of accounts. An account somebody ever used is deactivated instead."""


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
    delete_view_class = AccountDeleteView

    def get_form_class(self, for_update=False):
        """Return the form that knows one name."""
        return AccountEditForm if for_update else AccountCreationForm


class PostFilters(WagtailFilterSet):
    """Narrow the list of posts."""

    archived = BooleanFilter(
        label=gettext_lazy("已停用"), field_name="archived_on", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = Post
        fields = ["archived", "is_principal", "is_safety_manager", "hazards", "demanded_licences"]


class PostIndexView(generic.IndexView):
    """Posts with the number of people in each."""

    def get_base_queryset(self):
        """Count the people of today in the same query."""
        return posts_with_people(today())


class PostSaving:
    """Save a post through its action, and show what the action refuses."""

    def form_valid(self, form):
        """Save, or come back with the reason why not."""
        values = form.cleaned_data
        try:
            self.object = save_post(
                post=form.instance if form.instance.pk else None,
                name=values["name"],
                code=values["code"] or "",
                hazards=values["hazards"],
                demanded_licences=values["demanded_licences"],
                is_principal=values["is_principal"],
                is_safety_manager=values["is_safety_manager"],
                acting_user=self.request.user,
                now=now(),
            )
        except PostRefused as refused:
            form.add_error(None, str(refused))
            return self.form_invalid(form)
        self.form = form
        return self.save_action()


class PostAddView(PostSaving, generic.CreateView):
    """A new post."""


class PostEditView(PostSaving, generic.EditView):
    """A changed post; posts once used are archived, not deleted."""

    @cached_property
    def can_delete(self):
        """Offer deletion only for a post nobody ever held."""
        return super().can_delete and not is_used(self.object)

    @cached_property
    def header_more_buttons(self):
        """Offer to archive the post, or to put it into use again."""
        label = _("恢复使用") if self.object.archived_on else _("停用")
        url = reverse("people_office:post-archive", args=[self.object.pk])
        return [*super().header_more_buttons, Button(label, url=url, icon_name="lock", priority=15)]


class PostDeleteView(generic.DeleteView):
    """Deletion of a post nobody ever held."""

    def form_valid(self, form):
        """Refuse a post that was used: its history names it."""
        if is_used(self.object):
            raise PermissionDenied
        return super().form_valid(form)


class PostViewSet(ModelViewSet):
    """Posts: hazards, demanded licences, duties."""

    model = Post
    icon = "tag"
    menu_label = pgettext_lazy("plural", "岗位")
    menu_name = "posts"
    menu_order = 220
    add_to_admin_menu = True
    index_view_class = PostIndexView
    add_view_class = PostAddView
    edit_view_class = PostEditView
    delete_view_class = PostDeleteView
    copy_view_enabled = False
    list_display = [
        "name",
        Column("code", label=gettext_lazy("编码"), sort_key="code"),
        Column("people", label=gettext_lazy("人数"), sort_key="people"),
        Column(
            "is_principal", label=gettext_lazy("主要负责人"), accessor=lambda post: _yes(post.is_principal)
        ),
        Column(
            "is_safety_manager",
            label=gettext_lazy("安全生产管理人员"),
            accessor=lambda post: _yes(post.is_safety_manager),
        ),
        Column(
            "archived_on",
            label=gettext_lazy("状态"),
            accessor=lambda post: _("已停用") if post.archived_on else _("在用"),
        ),
    ]
    filterset_class = PostFilters
    search_fields = ["name", "code"]
    ordering = ["name"]
    add_to_reference_index = False

    def get_form_class(self, for_update=False):
        """Return the form that groups the accident categories by standard."""
        return PostForm


def _yes(value):
    return _("是") if value else ""


class LicenceTypeViewSet(ModelViewSet):
    """Kinds of external licences, each with the law behind it."""

    model = LicenceType
    delete_view_class = KeepReferencedDeleteView
    icon = "clipboard-list"
    menu_label = pgettext_lazy("plural", "证件种类")
    menu_name = "licence-types"
    menu_order = 230
    add_to_settings_menu = True
    list_display = ["name", "category", "family", "valid_months", "review_months", "off_post_months"]
    list_filter = ["family", "basis_verified"]
    search_fields = ["name", "code"]
    form_fields = [
        "code",
        "name",
        "family",
        "category",
        "issuing_body",
        "valid_months",
        "review_months",
        "off_post_months",
        "legal_basis",
        "basis_verified",
    ]
    ordering = ["code"]
    add_to_reference_index = False


class WorkFeatureViewSet(ModelViewSet):
    """Equipment and processes, each with the posts that work with it."""

    model = WorkFeature
    icon = "cogs"
    menu_label = pgettext_lazy("plural", "设备与作业")
    menu_name = "work-features"
    menu_order = 225
    add_to_settings_menu = True
    list_display = ["name", "kind"]
    list_filter = ["kind", "posts"]
    search_fields = ["name"]
    form_fields = ["kind", "name", "posts"]
    ordering = ["kind", "name"]
    add_to_reference_index = False
