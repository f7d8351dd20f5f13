"""Forms of directories, one for each product. Secrets are typed in and never shown again."""

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from people.models import DirectoryKind, DirectorySource, OrgUnit, User
from people.permissions import Capability, scope_of
from people.queries import unit_directory

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
KEPT = _("已保存。留空则不变。")


class UnitChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A unit, named by its full path."""

    full_names: ClassVar[dict[int, str]] = {}

    def label_from_instance(self, obj: OrgUnit) -> str:
        """Return the full path."""
        return self.full_names.get(obj.pk, obj.name)


def _secret(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=500,
        help_text=help_text,
        # new-password: no browser fills in the administrator's own password here.
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class DirectoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """What all products have in common. Subclasses name their own settings and secrets."""

    kind: ClassVar[str]
    setting_names: ClassVar[tuple[str, ...]]
    secret_names: ClassVar[tuple[str, ...]]
    optional_secrets: ClassVar[frozenset[str]] = frozenset()
    # A changed one of these would send the stored secret elsewhere: it has to be typed in again.
    guarded_settings: ClassVar[tuple[str, ...]] = ()
    number_fields: ClassVar[tuple[str, ...]]
    root_help: ClassVar[Any] = ""

    root_unit = UnitChoiceField(
        queryset=OrgUnit.objects.none(),
        label=_("对应的组织单元"),
        help_text=_("目录的起始部门就是它，下面的部门建在它下面；这个目录只改动它以内的人。"),
    )

    class Meta:
        model = DirectorySource
        fields = [
            "name", "root_unit", "root_department", "number_field", "takes_posts", "default_post",
            "employment_type", "creates_missing", "full_roster", "disabled_is_left", "allow_ending",
            "is_nightly",
        ]  # fmt: skip
        help_texts = {
            "name": _("显示在导入记录里，例如“集团企业微信”。"),
            "takes_posts": _("不选时只有新员工得到默认岗位，岗位由人事维护。"),
            "default_post": _("目录里没有职务的新员工用它。"),
            "full_roster": _("只限从这个目录来的人。一次超过 5 人且超过一成时会停下，等管理员确认。"),
            "disabled_is_left": _("不选时停用的账号不改动。"),
            "allow_ending": _("夜间同步不超过这个人数时不停下；一般填 0。"),
            "is_nightly": _("每天凌晨 1:40 开始。"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored: dict[str, Any] = dict(self.instance.settings) if self.instance.pk else {}
        for name in self.setting_names:
            if name in self.stored:
                self.fields[name].initial = self.stored[name]
        units = self.fields["root_unit"]
        assert isinstance(units, UnitChoiceField)
        units.queryset = scope_of(user, Capability.MANAGE_DIRECTORIES)
        # Of this form alone: the class is shared by all requests.
        units.full_names = {entry.id: entry.full_name for entry in unit_directory().values()}  # type: ignore[misc]
        self.fields["root_department"].help_text = self.root_help
        number = self.fields["number_field"]
        number.initial = self.number_fields[0]
        number.help_text = _("哪个字段存着工号。常用：%(names)s，也可以填自定义字段的名称。") % {
            "names": "、".join(self.number_fields)
        }
        has_secrets = bool(self.instance.pk and self.instance.secrets_encrypted)
        for name in self.secret_names:
            self.fields[name].required = not has_secrets and name not in self.optional_secrets
            if has_secrets:
                self.fields[name].help_text = KEPT
        self.order_fields(["name", *self.setting_names, *self.secret_names])

    def clean(self) -> dict[str, Any]:
        """Ask again for a stored secret that would otherwise be sent to another server."""
        super().clean()
        cleaned: dict[str, Any] = self.cleaned_data
        moved = [name for name in self.guarded_settings if self.stored.get(name) != cleaned.get(name)]
        for name in self.secret_names:
            if moved and self.stored and not cleaned.get(name):
                self.add_error(name, _("改了服务器或加密方式，请重新输入，免得把保存的密码发给别的服务器"))
        return cleaned

    def filled(self) -> DirectorySource:
        """Return the directory with what was typed in, not saved. Call it on a valid form."""
        source: DirectorySource = self.instance
        source.kind = self.kind
        source.settings = {name: self.cleaned_data[name] for name in self.setting_names}
        return source

    @property
    def typed_secrets(self) -> dict[str, str]:
        """Return the secrets typed in now; those left empty are missing."""
        return {name: self.cleaned_data[name] for name in self.secret_names if self.cleaned_data[name]}


class WeComForm(DirectoryForm):
    """WeCom: an enterprise and its self-built app."""

    kind = DirectoryKind.WECOM
    setting_names = ("corp_id",)
    secret_names = ("secret", "contacts_secret")
    optional_secrets = frozenset({"contacts_secret"})
    number_fields = ("userid", "alias", "工号")
    root_help = _("企业微信的部门 ID，根部门是 1；留空即根部门。")

    corp_id = forms.CharField(
        label=_("企业 ID"), max_length=64, help_text=_("管理后台“我的企业”最下方，以 ww 开头。")
    )
    secret = _secret(_("应用 Secret"), _("“应用管理”里自建应用的 Secret；应用的可见范围要含同步的部门。"))
    contacts_secret = _secret(
        _("通讯录同步 Secret"), _("可不填。应用不能按部门读取成员时（错误码 48002）才需要。")
    )


class DingTalkForm(DirectoryForm):
    """DingTalk: an enterprise and its internal app."""

    kind = DirectoryKind.DINGTALK
    setting_names = ("corp_id", "app_key")
    secret_names = ("app_secret",)
    number_fields = ("job_number", "userid")
    root_help = _("钉钉的部门 ID，根部门是 1；留空即根部门。")

    corp_id = forms.CharField(label=_("CorpId"), max_length=64, help_text=_("开发者后台首页右上方。"))
    app_key = forms.CharField(
        label=_("AppKey（Client ID）"), max_length=64, help_text=_("应用的“凭证与基础信息”里。")
    )
    app_secret = _secret(_("AppSecret（Client Secret）"))


class FeishuForm(DirectoryForm):
    """Feishu: a self-built app."""

    kind = DirectoryKind.FEISHU
    setting_names = ("app_id",)
    secret_names = ("app_secret",)
    number_fields = ("employee_no", "user_id")
    root_help = _("飞书的部门 open_department_id，以 od- 开头；留空即整个企业。")

    app_id = forms.CharField(
        label=_("App ID"), max_length=64, help_text=_("开发者后台“凭证与基础信息”里，以 cli_ 开头。")
    )
    app_secret = _secret(_("App Secret"))


class LdapForm(DirectoryForm):
    """An LDAP server or Active Directory."""

    kind = DirectoryKind.LDAP
    setting_names = (
        "host", "port", "security", "verify_certificate", "ca_certificate", "bind_dn", "base_dn",
        "user_filter", "name_attribute", "title_attribute", "phone_attribute", "unit_attribute",
    )  # fmt: skip
    secret_names = ("password",)
    guarded_settings = ("host", "port", "security", "verify_certificate", "ca_certificate")
    number_fields = ("employeeID", "employeeNumber", "sAMAccountName", "uid")

    host = forms.CharField(
        label=_("主机"), max_length=255, help_text=_("例如 dc1.example.com，不带 ldap://。")
    )
    port = forms.IntegerField(label=_("端口"), min_value=1, max_value=65535, initial=636)
    security = forms.ChoiceField(
        label=_("加密方式"),
        choices=[("ldaps", "LDAPS"), ("starttls", "StartTLS"), ("none", _("不加密（密码明文传输，不要用）"))],
    )
    verify_certificate = forms.BooleanField(
        label=_("检查服务器证书"),
        required=False,
        initial=True,
        help_text=_("不检查时，谁都能冒充这台服务器。"),
    )
    ca_certificate = forms.CharField(
        label=_("CA 证书"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("内部 CA 签发的证书才需要：粘贴 PEM 文本。"),
    )
    bind_dn = forms.CharField(label=_("读取账号（Bind DN）"), max_length=255)
    password = _secret(_("读取账号的密码"))
    base_dn = forms.CharField(
        label=_("Base DN"), max_length=255, help_text=_("例如 OU=工厂,DC=example,DC=com，就是起始部门。")
    )
    user_filter = forms.CharField(
        label=_("筛选条件"), max_length=500, initial="(&(objectClass=person)(!(objectClass=computer)))"
    )
    name_attribute = forms.CharField(label=_("姓名属性"), max_length=80, initial="displayName")
    title_attribute = forms.CharField(label=_("职务属性"), max_length=80, initial="title", required=False)
    phone_attribute = forms.CharField(label=_("手机号属性"), max_length=80, initial="mobile", required=False)
    unit_attribute = forms.CharField(
        label=_("部门属性"),
        max_length=80,
        required=False,
        help_text=_("留空时按 OU 的层级；填 department 等属性时只有一级部门。"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        del self.fields["root_department"]

    def clean_host(self) -> str:
        """Accept a name or an IPv4 address, no URL."""
        host: str = self.cleaned_data["host"].strip()
        if not _HOST.fullmatch(host):
            raise forms.ValidationError(_("只填主机名或 IP 地址，例如 dc1.example.com"))
        return host


FORMS: dict[str, type[DirectoryForm]] = {
    form.kind: form for form in (WeComForm, DingTalkForm, FeishuForm, LdapForm)
}
