// Everything that administrators keep: the staff directory, settings, managed lists, custom fields.
// Loaded at start, followed while running.
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_COMPOSITION_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_COMPOSITION_H_

#include "absl/status/status.h"
#include "common/runtime/service_runtime.h"
#include "services/customer/archive.h"
#include "services/customer/custom_field_handlers.h"
#include "services/customer/custom_field_report.h"
#include "services/customer/custom_field_store.h"
#include "services/customer/managed_list_handlers.h"
#include "services/customer/managed_list_store.h"
#include "services/customer/settings_handlers.h"
#include "services/customer/settings_labels.h"
#include "services/customer/settings_store.h"
#include "services/customer/staff_cache.h"
#include "services/customer/staff_handlers.h"
#include "services/customer/staff_import.h"
#include "services/customer/staff_permissions.h"
#include "services/customer/staff_store.h"
#include "services/customer/staff_team_handlers.h"

namespace crm::customer {

class Administration {
 public:
  // Both outlive it. `archive` takes over rules, lists and number pattern.
  Administration(runtime::ServiceRuntime& runtime, Archive& archive);

  const server::StaffDirectory& staff() const { return staff_cache_; }

  // Loads everything, serves the RPCs, follows the changes of other replicas.
  absl::Status Open();

 private:
  absl::Status Follow();
  void Serve();

  runtime::ServiceRuntime& runtime_;
  StaffCache staff_cache_;
  StaffStore staff_store_;
  SettingsStore settings_store_;
  ManagedListStore list_store_;
  CustomFieldStore field_store_;

  StaffHandlers users_;
  StaffTeamHandlers teams_;
  StaffImport import_;
  StaffPermissions permissions_;
  SettingsHandlers settings_;
  SettingsLabels labels_;
  ManagedListHandlers lists_;
  CustomFieldHandlers fields_;
  CustomFieldReport report_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_COMPOSITION_H_
