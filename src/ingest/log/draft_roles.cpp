// SPDX-License-Identifier: MIT
#include "ingest/log/draft_roles.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "funnel/ingest/time_zone.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/log/time_format.hpp"
#include "ingest/log/time_parser.hpp"

namespace funnel::ingest::detail {
namespace {

using Names = std::vector<std::string>;

/// Names of columns by role, their words joined, the most telling ones first.
const std::map<std::string, Names>& role_names() {
    static const std::map<std::string, Names> all = {
        {"time", {"eventtime",
                  "eventtimestamp",
                  "timestamp",
                  "eventdatetime",
                  "datetime",
                  "time",
                  "ts",
                  "occurredat",
                  "eventts",
                  "createdat",
                  "clienttime",
                  "servertime",
                  "eventdate",
                  "invoicedate",
                  "orderdate",
                  "purchasedate",
                  "transactiondate",
                  "visittime",
                  "starttime",
                  "date",
                  "created",
                  "day"}},
        {"event",
         {"eventtype", "eventname", "event", "action", "eventaction", "behavior", "behaviour", "behaviortype",
          "behaviourtype", "activity", "activitytype", "interaction", "interactiontype", "actiontype", "type",
          "kind"}},
        {"user", {"userid",       "user",      "visitorid",   "visitor",       "customerid",    "customer",
                  "userpseudoid", "clientid",  "anonymousid", "distinctid",    "shopperid",     "buyerid",
                  "memberid",     "accountid", "personid",    "profileid",     "fullvisitorid", "uid",
                  "cookieid",     "deviceid",  "email",       "customeremail", "useremail",     "client"}},
        {"item",
         {"itemid", "productid", "item", "product", "sku", "productsku", "stockcode", "articleid", "article",
          "variantid", "goodsid", "asin", "contentid", "firstitemname", "itemname", "productname",
          "lineitemname"}},
        {"session", {"sessionid", "usersession", "session", "visitid", "visit", "gasessionid", "sessionkey"}},
        {"order",
         {"orderid", "order", "transactionid", "transaction", "invoiceno", "invoiceid", "invoice", "orderno",
          "ordernumber", "receiptid", "receipt", "ticket", "ticketnumber", "basketid", "purchaseid"}},
        {"price", {"price", "unitprice", "itemprice", "productprice", "firstitemprice", "saleprice"}},
        {"quantity", {"quantity", "qty", "units", "itemquantity", "productquantity"}},
        {"revenue",
         {"itemrevenue", "linerevenue", "revenue", "linetotal", "amount", "sales", "netamount",
          "totalprice"}},
        {"category",
         {"category", "categorycode", "categoryid", "productcategory", "itemcategory", "firstitemcategory",
          "department"}},
        {"brand", {"brand", "itembrand", "productbrand", "vendor", "manufacturer"}},
        {"list", {"list", "listname", "itemlistname", "listid", "placement"}},
        {"position", {"position", "rank", "slot", "itemlistindex"}}};
    return all;
}

/// Names of events by our type, their words joined.
const std::map<std::string, Names>& event_names() {
    static const std::map<std::string, Names> all = {
        {"page_view", {"pageview", "page", "screen", "screenview", "pageviewed", "viewpage"}},
        {"impression",
         {"impression", "impressions", "viewitemlist", "productlistviewed", "listview", "listviewed", "shown",
          "show", "exposure"}},
        {"click",
         {"click", "clicked", "selectitem", "productclicked", "listclick", "itemclick", "productclick"}},
        {"view",
         {"view", "viewed", "pv", "viewitem", "productviewed", "productview", "itemview", "viewproduct",
          "viewedproduct", "detail", "detailview", "viewcontent", "itemviewed"}},
        {"favorite",
         {"favorite", "fav", "favourite", "wishlist", "addtowishlist", "productaddedtowishlist", "like"}},
        {"cart_add",
         {"cart", "cartadd", "addtocart", "addcart", "addedtocart", "productadded", "itemadded",
          "addtobasket", "basket", "productaddedtocart"}},
        {"cart_remove",
         {"cartremove", "removefromcart", "removedfromcart", "productremoved", "removecart", "itemremoved"}},
        {"checkout",
         {"checkout", "begincheckout", "checkoutstarted", "startcheckout", "checkoutstep",
          "initiatecheckout"}},
        {"payment", {"payment", "addpaymentinfo", "paymentinfoentered"}},
        {"purchase",
         {"purchase", "purchased", "buy", "bought", "order", "ordered", "ordercompleted", "orderplaced",
          "placedorder", "transaction", "sale", "conversion", "converted", "checkoutcompleted", "pay", "paid",
          "productpurchased"}},
        {"refund",
         {"refund", "refunded", "return", "returned", "orderrefunded", "ordercancelled", "cancelled"}}};
    return all;
}

constexpr std::int64_t kFirst = 631'152'000'000'000, kEnd = 4'102'444'800'000'000;  // 1990, 2100

bool all_between(const std::vector<std::string>& values, const auto& parse) {
    std::size_t some = 0;
    for (const std::string& value : values) {
        if (value.empty()) continue;
        std::int64_t micros = 0;
        if (!parse(value, micros) || micros < kFirst || micros >= kEnd) return false;
        ++some;
    }
    return some > 0;
}

bool all_have_format(const SampleColumn& column, const std::string& format) {
    return all_between(column.values, [&](const std::string& value, std::int64_t& micros) {
        bool local = false;
        return parse_formatted_time(value, format, micros, local);
    });
}

/// Of what a role's values must be.
bool fits(const SampleColumn& column, const std::string& role) {
    if (column.kinds.empty()) return false;
    const bool money = role == "price" || role == "quantity" || role == "revenue";
    if (money) {
        return column.all_amounts({}) || column.all_amounts({.decimal = ",", .thousands = "."}) ||
               column.all_amounts({.decimal = ".", .thousands = ","});
    }
    if (role == "position") return column.all_numbers();
    if (role == "event") return column.kinds.size() <= 100 && !column.all_numbers();
    if (role == "user" || role == "item") return !column.all_flags();
    return true;
}

}  // namespace

std::optional<TimeGuess> guess_time(const SampleColumn& column) {
    TimeGuess guess;
    const auto iso = [&](const std::string& value, std::int64_t& micros) {
        const auto time = parse_iso_time(value);
        micros = time.value_or(0);
        return time.has_value();
    };
    const auto size_is = [&](std::size_t size) {
        return std::ranges::all_of(column.kinds,
                                   [&](const std::string& value) { return value.size() == size; });
    };
    const bool digits =
        !column.kinds.empty() && std::ranges::all_of(column.kinds, [](const std::string& value) {
            return value.find_first_not_of("0123456789") == std::string::npos;
        });
    if (digits) {
        guess.has_clock = !size_is(8);
        guess.format = size_is(8) ? "%Y%m%d" : size_is(12) ? "%Y%m%d%H%M" : size_is(14) ? "%Y%m%d%H%M%S" : "";
        if (!guess.format.empty() && all_have_format(column, guess.format)) return guess;
        guess = {};
        const bool seconds = std::ranges::all_of(column.kinds, [](const std::string& value) {
            std::uint64_t number = 0;
            const bool read = value.size() >= 9 && value.size() <= 19 && parse_digits(value, number);
            const auto unit = read ? time_unit_of(value) : std::nullopt;
            return unit && doubt_about(value, *unit).empty();
        });
        return seconds ? std::optional(guess) : std::nullopt;
    }
    if (all_between(column.values, iso)) {
        guess.has_clock = !size_is(10);
        return guess;
    }
    std::vector<std::string> found;
    for (const char* date : {"%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d",
                             "%Y.%m.%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%b %d, %Y"}) {
        for (const char* clock : {" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", ""}) {
            const std::string format = std::string(date) + clock;
            if (all_have_format(column, format)) found.push_back(format);
        }
    }
    if (found.empty()) return std::nullopt;
    guess.format = found.front();
    guess.has_clock =
        guess.format.find("%H") != std::string::npos || guess.format.find("%I") != std::string::npos;
    if (found.size() > 1) guess.doubt = "or " + found[1];
    return guess;
}

const SampleColumn* guess_column(const DraftSample& sample, const std::string& role,
                                 const std::vector<std::string>& taken) {
    const Names& names = role_names().at(role);
    const SampleColumn* best = nullptr;
    std::size_t best_rank = names.size();
    for (const SampleColumn& column : sample.columns) {
        if (std::ranges::find(taken, column.name) != taken.end() || !fits(column, role)) continue;
        if (role == "time" && !guess_time(column)) continue;
        for (const std::size_t last : {std::size_t{100}, std::size_t{3}, std::size_t{2}, std::size_t{1}}) {
            if (last < 100 && (!sample.json || last >= column.words.size())) continue;
            const auto at = std::ranges::find(names, column.joined(last));
            const auto rank = static_cast<std::size_t>(at - names.begin());
            if (at == names.end() || rank >= best_rank) continue;
            best = &column;
            best_rank = rank;
        }
    }
    return best;
}

std::string guess_event(const std::string& name) {
    const std::string joined =
        SampleColumn{.name = {}, .words = words_of(name), .values = {}, .kinds = {}}.joined();
    for (const auto& [type, names] : event_names()) {
        if (std::ranges::find(names, joined) != names.end()) return type;
    }
    return {};
}

}  // namespace funnel::ingest::detail
