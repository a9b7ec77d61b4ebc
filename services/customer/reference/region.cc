#include "services/customer/reference/region.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/text/unicode.h"
#include "services/customer/reference/tables.h"

namespace crm::customer::reference {
namespace {

constexpr std::array<std::string_view, 11> kNoise = {
    "city",  "province", "prefecture", "municipality", "autonomous", "region",
    "china", "prc",      "sar",        "county",       "中国"};
constexpr std::string_view kChina = "中国";

absl::string_view Key(std::string_view key) { return {key.data(), key.size()}; }

std::string KeyOf(std::string_view name) { return SimplifyName(name, kNoise); }

// A county-level city and the city it belongs to.
struct CountyCity {
  std::string_view name;
  std::string_view city_code;
};

// A city says that it is one, so that anything may follow it.
bool EndsAsCity(std::string_view name) {
  return name.ends_with("市") || name.ends_with("州") || name.ends_with("盟") ||
         name.ends_with("地区");
}

// 朝阳 + 区 is a district somewhere else: a district has a name of its own.
bool IsDistrict(std::string_view name) {
  constexpr size_t kMinName = 2;
  return text::CodePointLength(name) > kMinName - 1 &&
         (name.ends_with("区") || name.ends_with("县") || name.ends_with("市") ||
          name.ends_with("旗"));
}

std::string_view WithoutCity(std::string_view name) {
  constexpr std::string_view kCity = "市";
  if (name.ends_with(kCity)) name.remove_suffix(kCity.size());
  return name;
}

class RegionTable {
 public:
  RegionTable() {
    for (const TableRow& row : ReadTable("regions.tsv")) {
      regions_.push_back({row[0], row[1], row[2], row[3]});
    }
    for (size_t i = 0; i < regions_.size(); ++i) by_code_[Key(regions_[i].code)] = i;
    for (const TableRow& row : ReadTable("county_cities.tsv"))
      counties_.push_back({row[0], row[1]});
    for (const Region& region : regions_) {
      if (region.is_province()) {
        AddProvince(region);
      } else {
        AddCity(region);
      }
    }
    for (const CountyCity& county : counties_) AddCounty(county);
  }

  std::span<const Region> all() const { return regions_; }
  std::span<const CountyCity> counties() const { return counties_; }

  const Region* Find(std::string_view code) const {
    const auto found = by_code_.find(Key(code));
    return found == by_code_.end() ? nullptr : &regions_[found->second];
  }

  Mapping Map(std::string_view text) const {
    const std::string whole = KeyOf(text);
    std::string_view key = whole;
    if (key.starts_with(kChina)) key.remove_prefix(kChina.size());
    if (key.empty()) return {};
    const std::span<const std::string_view> codes = index_.Find(key);
    if (codes.size() == 1) return {codes.front(), {}};
    if (!codes.empty()) return {{}, FirstOf(codes)};
    if (const std::string_view code = CityInFront(key); !code.empty()) return {code, {}};
    return {{}, index_.Nearest(key)};
  }

 private:
  static std::vector<std::string_view> FirstOf(std::span<const std::string_view> codes) {
    const size_t count = std::min(codes.size(), kMaxCandidates);
    return {codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  // Hong Kong, Macao and Taiwan have no cities in the table.
  bool HasCities(const Region& province) const {
    const size_t next = by_code_.at(Key(province.code)) + 1;
    return next < regions_.size() && !regions_[next].is_province();
  }

  // Beijing is a province and its only city: the city says both.
  bool IsMunicipality(const Region& province) const {
    const auto city = by_code_.find(std::string(province.code.substr(0, 2)) + "0100");
    return city != by_code_.end() && regions_[city->second].name_zh == province.name_zh;
  }

  const Region& ProvinceOf(const Region& city) const { return *Find(city.province_code()); }

  void AddProvince(const Region& province) {
    index_.Add(province.code, province.code);
    if (IsMunicipality(province)) return;
    index_.AddProposed(KeyOf(province.name_zh), province.code);
    index_.AddProposed(KeyOf(province.short_zh), province.code);
    index_.AddProposed(KeyOf(province.name_en), province.code);
  }

  void AddCity(const Region& city) {
    index_.Add(city.code, city.code);
    index_.AddProposed(KeyOf(city.name_zh), city.code);
    index_.AddProposed(KeyOf(city.short_zh), city.code);
    index_.AddProposed(KeyOf(city.name_en), city.code);
    const Region& province = ProvinceOf(city);
    for (const std::string_view front : {province.name_zh, province.short_zh}) {
      AddPath(front, city.name_zh, city.code);
      AddPath(front, city.short_zh, city.code);
    }
    AddPath(province.name_en, city.name_en, city.code);
    AddPath(city.name_en, province.name_en, city.code);
  }

  void AddCounty(const CountyCity& county) {
    const Region& city = *Find(county.city_code);
    const Region& province = ProvinceOf(city);
    index_.AddProposed(KeyOf(county.name), city.code);
    index_.AddProposed(KeyOf(WithoutCity(county.name)), city.code);
    for (const std::string_view name : {county.name, WithoutCity(county.name)}) {
      for (const std::string_view front : {province.name_zh, province.short_zh}) {
        AddPath(front, name, city.code);
      }
      for (const std::string_view front : {city.name_zh, city.short_zh}) {
        AddPath(front, name, city.code);
      }
    }
  }

  void AddPath(std::string_view front, std::string_view back, std::string_view code) {
    index_.Add(KeyOf(front) + KeyOf(back), code);
  }

  // The code if `name` is one city, or a province that has none.
  std::string_view OneCity(std::string_view name) const {
    const std::span<const std::string_view> codes = index_.Find(name);
    if (codes.size() != 1) return {};
    const Region& region = *Find(codes.front());
    return region.is_province() && HasCities(region) ? std::string_view() : region.code;
  }

  // The longest city that `key` begins with, if what follows can belong to it.
  std::string_view CityInFront(std::string_view key) const {
    constexpr size_t kLongest = 24;
    std::string_view front = text::FirstCodePoints(key, kLongest);
    while (!front.empty()) {
      const std::string_view code = OneCity(front);
      if (!code.empty()) {
        const bool whole_province = code.ends_with("0000");
        const bool fits = EndsAsCity(front) || IsDistrict(key.substr(front.size()));
        return fits || whole_province ? code : std::string_view();
      }
      front.remove_suffix(text::LastCodePoints(front, 1).size());
    }
    return {};
  }

  std::vector<Region> regions_;
  std::vector<CountyCity> counties_;
  absl::flat_hash_map<std::string, size_t> by_code_;
  NameIndex index_;
};

const RegionTable& Table() {
  static const auto& table = *new RegionTable();
  return table;
}

}  // namespace

Mapping MapRegion(std::string_view text) { return Table().Map(text); }

const Region* FindRegion(std::string_view code) { return Table().Find(code); }

std::span<const Region> AllRegions() { return Table().all(); }

std::vector<std::string> RegionPlaceNames() {
  std::vector<std::string> names;
  for (const Region& region : AllRegions()) {
    for (const std::string_view name : {region.name_zh, region.short_zh, region.name_en}) {
      names.emplace_back(name);
    }
  }
  for (const CountyCity& county : Table().counties()) names.emplace_back(county.name);
  return names;
}

}  // namespace crm::customer::reference
