"""Packages in the back office: upload one, see what was found in it, and what it does not do here."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages

from common import clock
from courses.actions.packages import store_package
from courses.models import Package
from courses.queries.packages import get_package_for, may_edit_packages, packages_for
from courses.scorm.archive import MAX_PACKAGE_BYTES
from courses.scorm.manifest import BadPackage
from people.models import User

PER_PAGE = 30

# What is not done, in words: what the package asks for, and what that means for people.
FINDINGS: dict[str, str | Promise] = {
    "prerequisites": gettext_lazy("先修条件：这里不按条件锁定，各部分可任意打开"),
    "sequencing": gettext_lazy("SCORM 2004 排序与导航规则：不执行，各部分可任意打开"),
    "shared_objectives": gettext_lazy("各部分共享的学习目标：不共享"),
    "several_organizations": gettext_lazy("包内有多套目录：只用默认的一套，以下未采用"),
    "time_limit": gettext_lazy("时间限制：不执行"),
    "completion_threshold": gettext_lazy("完成进度阈值：不采用，以课件包报告的状态为准"),
    "navigation_ui": gettext_lazy("隐藏平台导航按钮的要求：不执行"),
    "sub_manifest": gettext_lazy("嵌套的清单：不读取"),
    "outside_item": gettext_lazy("指向外部网址的部分：不能打开，已略去"),
    "missing_resource": gettext_lazy("清单里没有对应资源的部分：已略去"),
    "hidden_item": gettext_lazy("标为隐藏的部分：不显示"),
    "no_sco": gettext_lazy("没有任何部分会报告进度：打开过即算完成，请设置至少学习的分钟数"),
    "frames": gettext_lazy("页面内嵌其他页面（iframe/frameset）：须由管理员设置 SCORM_HOST 才能正常运行"),
    "flash": gettext_lazy("Flash 文件：现在的浏览器都不能播放，已略去"),
    "unknown_kind": gettext_lazy("不认识的文件类型：不对外提供"),
    "wrong_content": gettext_lazy("内容与扩展名不符的文件：不对外提供"),
    "page_unreadable": gettext_lazy("过大或为 UTF-16 编码的网页：不对外提供，请转为 UTF-8"),
}
PROBLEMS: dict[str, str | Promise] = {
    "not_a_zip": gettext_lazy("不是 zip 文件。请上传制作工具导出的 SCORM zip 包，不要解压后再上传"),
    "encrypted": gettext_lazy("设有密码。请导出不加密的 zip 包"),
    "truncated": gettext_lazy("文件不完整或已损坏。请重新导出或重新下载后再上传"),
    "bomb": gettext_lazy("解压后过大或文件过多。请压缩视频和图片，或拆成几个课件包"),
    "unsafe_name": gettext_lazy("含有不安全或重复的文件名。请用制作工具重新导出"),
    "program": gettext_lazy("含有可执行程序。请从包中删去后重新导出"),
    "no_manifest": gettext_lazy(
        "里面没有 imsmanifest.xml，不是 SCORM 包。请在制作工具里选“SCORM 1.2”或“SCORM 2004”导出"
    ),
    "manifest_not_at_top": gettext_lazy("imsmanifest.xml 不在最外层。请进入那个文件夹，选中全部内容再压缩"),
    "bad_xml": gettext_lazy("imsmanifest.xml 写得不对，无法读取。请用制作工具重新导出"),
    "unknown_version": gettext_lazy(
        "imsmanifest.xml 没有说明是 SCORM 1.2 还是 2004。请在制作工具里选定后重新导出"
    ),
    "no_items": gettext_lazy("imsmanifest.xml 里没有可以打开的内容。请用制作工具重新导出"),
    "too_many_items": gettext_lazy("目录里的部分太多。请拆成几个课件包"),
    "launch_missing": gettext_lazy("清单里的起始页不在包里。请用制作工具重新导出"),
    "launch_not_html": gettext_lazy("起始页不是网页。请用制作工具导出为 HTML5"),
    "timeout": gettext_lazy("检查超时。请减小课件包后再上传"),
    "killed": gettext_lazy("检查时占用内存过多，已中止。请减小课件包后再上传"),
    "failed": gettext_lazy("无法读取。请用制作工具重新导出"),
}


def problem_words(name: str, error: BadPackage) -> str:
    """Return what is wrong with a package: which file, what, where, and what helps."""
    if error.code == "too_large":
        return _("“%(name)s”超过上限 %(limit)s MB。请压缩视频和图片，或拆成几个课件包。") % {
            "name": name,
            "limit": error.detail,
        }
    place = (
        f"（{error.detail}）" if error.detail and error.code not in {"killed", "failed", "timeout"} else ""
    )
    words = PROBLEMS.get(error.code, PROBLEMS["failed"])
    return _("“%(name)s”%(words)s。%(place)s") % {"name": name, "words": words, "place": place}


class PackageUploadForm(forms.Form):
    """Which file."""

    package = forms.FileField(
        label=gettext_lazy("SCORM 包"),
        help_text=gettext_lazy("制作工具导出的 .zip，SCORM 1.2 或 2004，不超过 200 MB"),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
    )


@dataclass(frozen=True, slots=True)
class FoundThing:
    """A finding in words."""

    words: str | Promise
    detail: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the packages."""
    user = _editor(request)
    shown = Paginator(packages_for(user), PER_PAGE).get_page(request.GET.get("p"))
    return render(request, "courses/package_list.html", {"shown": shown, **_furniture(_("课件包"))})


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a package in, or say what is wrong with it."""
    user = _editor(request)
    form = PackageUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["package"]
        try:
            stored = _store(given, user)
        except BadPackage as error:
            form.add_error("package", problem_words(given.name, error))
        else:
            if stored.created:
                messages.success(request, _("课件包“%(title)s”已上传。") % {"title": stored.package.title})
            else:
                messages.warning(request, _("这个课件包以前上传过，没有重复保存。"))
            return redirect("courses_package", stored.package.pk)
    status = 422 if form.is_bound else 200
    context = {"form": form, **_furniture(_("上传课件包"), below=True)}
    return render(request, "courses/package_upload.html", context, status=status)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was found in a package, and every wish of it that is not granted."""
    user = _editor(request)
    try:
        package = get_package_for(user, pk)
    except Package.DoesNotExist as error:
        raise Http404 from error
    found = [FoundThing(FINDINGS[one["code"]], one["detail"]) for one in package.findings]
    context = {
        "package": package,
        "found": found,
        "lessons": package.lessons.order_by("title"),
        **_furniture(package.title, below=True),
    }
    return render(request, "courses/package_detail.html", context)


def _store(given: Any, user: User) -> Any:
    if given.size > MAX_PACKAGE_BYTES:
        raise BadPackage("too_large", str(MAX_PACKAGE_BYTES // 1024**2))
    with tempfile.NamedTemporaryFile(suffix=".zip") as copy:
        for chunk in given.chunks():
            copy.write(chunk)
        copy.flush()
        return store_package(path=Path(copy.name), file_name=given.name, acting_user=user, now=clock.now())


def _editor(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not may_edit_packages(user):
        raise PermissionDenied
    return user


def _furniture(label: str, *, below: bool = False) -> dict[str, Any]:
    home = {"url": reverse("wagtailadmin_home"), "label": _("首页")}
    above = [{"url": reverse("courses_packages"), "label": _("课件包")}] if below else []
    return {
        "page_title": label,
        "header_title": label,
        "header_icon": "folder-open-inverse",
        "breadcrumbs_items": [home, *above, {"url": "", "label": label}],
    }
