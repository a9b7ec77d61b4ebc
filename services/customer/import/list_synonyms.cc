#include "services/customer/import/list_synonyms.h"

namespace crm::customer::import {
namespace {

struct Synonym {
  std::string_view list;
  std::string_view word;  // folded
  std::string_view code;
};

constexpr Synonym kSynonyms[] = {
    {"source_channel", "网站", "website"},
    {"source_channel", "公司官网", "website"},
    {"source_channel", "电商", "ecommerce"},
    {"source_channel", "网店", "ecommerce"},
    {"source_channel", "淘宝", "ecommerce"},
    {"source_channel", "京东", "ecommerce"},
    {"source_channel", "公众号", "wechat_official"},
    {"source_channel", "微信", "wechat_official"},
    {"source_channel", "展览会", "exhibition"},
    {"source_channel", "展销会", "exhibition"},
    {"source_channel", "介绍", "referral"},
    {"source_channel", "朋友介绍", "referral"},
    {"source_channel", "老客户推荐", "referral"},
    {"source_channel", "推荐", "referral"},
    {"source_channel", "线上广告", "online_ad"},
    {"source_channel", "广告", "online_ad"},
    {"source_channel", "搜索引擎", "online_ad"},
    {"source_channel", "电销", "telemarketing"},
    {"source_channel", "拜访", "own_visit"},
    {"source_channel", "上门拜访", "own_visit"},
    {"source_channel", "陌拜", "own_visit"},
    {"source_channel", "电话", "phone"},
    {"source_channel", "来电", "phone"},
    {"source_channel", "来电咨询", "phone"},
    {"source_channel", "400电话", "phone"},
    {"source_channel", "电子邮件", "email"},
    {"source_channel", "邮箱", "email"},
    {"source_channel", "问卷调查", "questionnaire"},
    {"source_channel", "调查问卷", "questionnaire"},
    {"source_channel", "代理商", "partner"},
    {"source_channel", "渠道商", "partner"},
    {"source_channel", "其它", "other"},
    {"contact_channel", "手机", "phone"},
    {"contact_channel", "短讯", "sms"},
    {"contact_channel", "电子邮件", "email"},
    {"contact_channel", "邮箱", "email"},
    {"interaction_method", "电话", "call"},
    {"interaction_method", "通话", "call"},
    {"interaction_method", "致电", "call"},
    {"interaction_method", "拜访", "visit"},
    {"interaction_method", "上门", "visit"},
    {"interaction_method", "面谈", "visit"},
    {"interaction_method", "邮件", "email"},
    {"interaction_method", "电子邮件", "email"},
    {"interaction_method", "邮箱", "email"},
    {"interaction_method", "开会", "meeting"},
    {"interaction_method", "视频会议", "meeting"},
    {"interaction_method", "微信", "chat"},
    {"interaction_method", "企业微信", "chat"},
    {"interaction_method", "qq", "chat"},
    {"interaction_method", "在线客服", "chat"},
    {"interaction_method", "其它", "other"},
    {"next_action", "发资料", "send_material"},
    {"next_action", "寄样", "send_material"},
    {"next_action", "演示", "arrange_demo"},
    {"next_action", "发报价", "quote"},
    {"next_action", "签合同", "sign_contract"},
    {"next_action", "签约", "sign_contract"},
    {"next_action", "其它", "other"},
    {"need_type", "咨询", "product_enquiry"},
    {"need_type", "技术咨询", "technical_support"},
    {"need_type", "合作", "cooperation"},
    {"need_type", "售后", "after_sales"},
    {"no_purchase_reason", "价格高", "price"},
    {"no_purchase_reason", "价格太高", "price"},
    {"no_purchase_reason", "服务不好", "service"},
    {"no_purchase_reason", "产品不合适", "product_mismatch"},
};

}  // namespace

std::string_view CodeOfSynonym(std::string_view list, std::string_view folded) {
  for (const Synonym& synonym : kSynonyms) {
    if (synonym.list == list && synonym.word == folded) return synonym.code;
  }
  return "";
}

}  // namespace crm::customer::import
