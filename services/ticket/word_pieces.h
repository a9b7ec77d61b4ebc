// Puts together what a dictionary has cut too fine: 打印 + 机, 硒 + 鼓 (TIC-12). Pure.
#ifndef CRM_SERVICES_TICKET_WORD_PIECES_H_
#define CRM_SERVICES_TICKET_WORD_PIECES_H_

#include <string>
#include <string_view>
#include <vector>

namespace crm::ticket {

bool IsAllHan(std::string_view word);

// Words in order, gaps between them as empty ones. A single character joins the word before it;
// single characters on their own make words of two, in turn. Function words join nothing. What
// begins with a family name is left as single characters, and a word after one becomes a gap: it
// may be somebody's name.
std::vector<std::string> JoinPieces(const std::vector<std::string>& words);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_WORD_PIECES_H_
