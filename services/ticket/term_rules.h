// The words that tell what a ticket is about (TIC-12).
#ifndef CRM_SERVICES_TICKET_TERM_RULES_H_
#define CRM_SERVICES_TICKET_TERM_RULES_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {

// Chinese and English; a dictionary cuts Chinese text into words. Used by one thread at a time.
class TermFinder {
 public:
  TermFinder();
  ~TermFinder();

  // Words of the subject and description, lower case, each once, in the order in which they come,
  // at most 40. Chinese ones have at least two characters, English ones three letters. Never a word
  // that says nothing, anything with a digit, an address of mail or of the web, the name of whoever
  // asks, or a word that the text calls somebody by (张伟先生, 我叫…, Mr Wu).
  std::vector<std::string> TermsOf(const v1::Ticket& ticket) const;

 private:
  class Cutter;

  const std::unique_ptr<Cutter> cutter_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TERM_RULES_H_
