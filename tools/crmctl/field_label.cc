#include "tools/crmctl/field_label.h"

#include <string_view>

#include "tools/crmctl/console.h"

namespace crm::cli {
namespace {

struct CommonField {
  std::string_view name;
  std::string_view zh;
  std::string_view en;
};

constexpr CommonField kCommonFields[] = {
    // Of requests.
    {"page_size", "每页条数", "rows on a page"},
    {"page_token", "从上一页的答复继续", "go on from the page before"},
    {"filter", "条件，如 tier = KEY AND region = \"440300\"",
     "such as tier = KEY AND region = \"440300\""},
    {"order_by", "排序，如 update_time desc", "such as update_time desc"},
    {"count_total", "计算总数", "count all that match"},
    {"request_id", "重复发送同一编号只执行一次；默认自动生成",
     "sent again with the same id it is done once; made up by default"},
    {"validate_only", "只检查，不写入", "only check, write nothing"},
    {"query", "编号、手机号、邮箱或姓名的一部分", "number, phone, email or a part of a name"},
    {"customer", "客户编号", "customer number"},
    {"import", "导入编号", "import number"},
    {"reason", "原因", "reason"},
    // Of answers.
    {"etag", "版本标记", "etag"},
    {"version", "版本", "version"},
    {"time", "时间", "time"},
    {"actor", "操作者", "actor"},
    {"via", "途径", "via"},
    {"changes", "修改", "changes"},
    {"changed_fields", "修改的字段", "changed fields"},
    {"author", "修改人", "author"},
    {"assign_reason", "转交原因", "reason of assignment"},
    {"match", "匹配", "match"},
    {"numbers", "编号", "numbers"},
    {"tag", "标签", "tag"},
    {"tags", "标签", "tags"},
    {"set_by", "设置者", "set by"},
    {"by_rule", "由规则设置", "by a rule"},
    {"field", "字段", "field"},
    {"label", "名称", "label"},
    {"type", "类型", "type"},
    {"required", "必填", "required"},
    {"retired", "已停用", "retired"},
    {"customers", "客户数", "customers"},
    {"filled", "已填写", "filled"},
    {"percent", "占比 %", "percent"},
    {"user", "员工", "user"},
    {"active", "启用", "active"},
    {"roles", "角色", "roles"},
    {"unknown_roles", "未知角色", "unknown roles"},
    {"team", "团队", "team"},
    {"teams_below", "下级团队", "teams below"},
    {"grants", "授权", "grants"},
    {"permission", "权限", "permission"},
    {"scope", "范围", "scope"},
    {"rights", "特权", "rights"},
    {"plain_kinds", "明文显示的类别", "kinds shown plain"},
    {"plain_customer_fields", "明文显示的客户字段", "customer fields shown plain"},
    {"position", "位置", "position"},
    {"subject", "对象", "subject"},
    {"line", "行", "line"},
    {"header", "表头", "header"},
    {"value", "值", "value"},
    {"kind", "类型", "kind"},
    {"rule", "规则", "rule"},
    {"mend_zh", "如何改正", "how to mend it (Chinese)"},
    {"mend_en", "如何改正（英文）", "how to mend it"},
    {"row_rejected", "整行被拒绝", "row rejected"},
    {"create_time", "创建时间", "created"},
};

}  // namespace

std::string FieldLabel(const schema::FieldSchema& field, schema::Language language) {
  if (field.options->label().zh().empty()) {
    for (const CommonField& common : kCommonFields) {
      if (common.name == field.name) return std::string(Say(language, common.zh, common.en));
    }
  }
  return field.Label(language);
}

}  // namespace crm::cli
