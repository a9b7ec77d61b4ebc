#include "services/ticket/word_pieces.h"

#include "absl/container/flat_hash_set.h"
#include "common/text/unicode.h"

namespace crm::ticket {
namespace {

using Characters = absl::flat_hash_set<std::string>;

Characters CharactersOf(std::string_view text) {
  Characters characters;
  for (text::CodePoints points(text); !points.done();) {
    std::string character;
    text::AppendUtf8(points.Next(), character);
    characters.insert(std::move(character));
  }
  return characters;
}

// Join nothing.
const Characters& FunctionWords() {
  static const Characters& characters =
      *new Characters(CharactersOf("的了在是不我你您他她它和与也就都还要有没到把被请问会能说吗呢吧"
                                   "啊很个这那里上下中又再从向给对让用来去做后前时"
                                   "未已将需可无太更最只并但或及等每各某该此其之以为于由因而则若如"
                                   "且找叫想过着得地跟同比当至此些么什怎谁几多少"
                                   "年月日点分秒元块次台件条位名换修装买卖退发收寄坏"));
  return characters;
}

const Characters& FamilyNames() {
  static const Characters& characters =
      *new Characters(CharactersOf("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭"
                                   "曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈姚卢姜崔"
                                   "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺"
                                   "顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安"
                                   "齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒"
                                   "阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛"
                                   "靳欧阳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项"
                                   "连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应"
                                   "臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻"
                                   "苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟"
                                   "冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支"
                                   "卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸"
                                   "雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛"
                                   "宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富"
                                   "尧闭由"));
  return characters;
}

bool IsSingle(const std::string& word) {
  return IsAllHan(word) && text::CodePointLength(word) == 1;
}

bool Joins(const std::string& word) { return IsSingle(word) && !FunctionWords().contains(word); }

}  // namespace

bool IsAllHan(std::string_view word) {
  if (word.empty()) return false;
  for (text::CodePoints points(word); !points.done();) {
    if (!text::IsHan(points.Next())) return false;
  }
  return true;
}

std::vector<std::string> JoinPieces(const std::vector<std::string>& words) {
  std::vector<std::string> joined;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    if (Joins(word) && FamilyNames().contains(word)) {
      // 王 + 建国, 李 + 秀 + 英
      joined.push_back(word);
      const size_t end = i + (IsSingle(next) ? 2 : 1);
      while (i < end && i + 1 < words.size() && IsAllHan(words[i + 1])) {
        ++i;
        joined.emplace_back();
      }
    } else if (IsAllHan(word) && !FunctionWords().contains(word) && Joins(next) &&
               !FamilyNames().contains(next)) {
      joined.push_back(word + next);
      ++i;
    } else {
      joined.push_back(word);
    }
  }
  return joined;
}

}  // namespace crm::ticket
