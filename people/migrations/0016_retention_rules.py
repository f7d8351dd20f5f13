from django.db import migrations

# What, months after leaving, basis. None of these clauses was compared with the official text.
RULES = [
    ("photo", 1, "个人信息保护法第十九条：保存期限为实现处理目的所必要的最短时间"),
    ("phone", 6, "个人信息保护法第十九条；离职后六个月内可能还须联系办理手续（本单位规定）"),
    ("account", 6, "个人信息保护法第十九条；网络日志留存不少于六个月（网络安全法）"),
    ("id_number", 36, "安全生产法第二十八条培训档案；部分省份规定培训档案保存不少于三年"),
    ("name", 36, "安全生产法第二十八条：档案须记录参加人员；部分省份规定保存不少于三年"),
]


def load(apps, schema_editor):
    rules = apps.get_model("people", "RetentionRule")
    for what, months, basis in RULES:
        rules.objects.get_or_create(
            what=what, defaults={"months_after_leaving": months, "legal_basis": basis, "basis_verified": False}
        )


class Migration(migrations.Migration):
    dependencies = [("people", "0015_personal_data_append_only")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
