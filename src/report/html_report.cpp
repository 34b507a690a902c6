// SPDX-License-Identifier: MIT
#include "funnel/report/html_report.hpp"

#include <array>
#include <utility>
#include <vector>

#include "funnel/base/version.hpp"
#include "html/markup.hpp"
#include "html/sections.hpp"
#include "html/style.hpp"

namespace funnel::report {
namespace {

using html::element;
using html::Page;

struct Part {
    std::string_view id, title;
    std::string (*markup)(const Page&);
};

constexpr std::array<Part, 12> kParts = {{{"overview", "Overview", html::overview_section},
                                          {"funnel", "Funnel", html::funnel_section},
                                          {"paths", "Paths", html::path_section},
                                          {"trends", "Over time", html::trend_section},
                                          {"breakdowns", "Breakdowns", html::breakdown_section},
                                          {"carts", "Carts", html::cart_section},
                                          {"repeat", "Repeat", html::repeat_section},
                                          {"cohorts", "Cohorts", html::cohort_section},
                                          {"model", "Model", html::model_section},
                                          {"metrics", "All metrics", html::metric_section},
                                          {"bots", "Without bots", html::bots_section},
                                          {"data", "Data", html::data_section}}};

std::string head(const std::string& title) {
    // No script, no reference, nothing from elsewhere, and the browser is told so.
    return "<head><meta charset=\"utf-8\"><meta name=\"viewport\" "
           "content=\"width=device-width,initial-scale=1\">"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src "
           "'unsafe-inline'\">"
           "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
           title + "</title><style>" + std::string(html::style_sheet()) + "</style></head>\n";
}

std::string header(const Page& page, bool brief) {
    std::string files;
    constexpr std::size_t kShown = 3;
    const auto& names = page.log.files;
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
        files += (i > 0 ? ", " : "") + html::datum(names[i].substr(names[i].rfind('/') + 1), 60);
    if (names.size() > kShown) files += " and " + std::to_string(names.size() - kShown) + " more";
    const std::string period = page.period();
    std::string line = period;
    if (!files.empty()) line += (line.empty() ? "" : " \xC2\xB7 ") + files;
    if (!page.log.where.empty()) line += " \xC2\xB7 only where " + html::datum(page.log.where, 200);
    const std::size_t notes = page.notes().size();
    std::string out = element("h1", "Shop report") + element("p", line);
    if (notes > 0 && !brief)
        out += element("p", "class=\"notice\"",
                       "<a href=\"#data\">" + std::to_string(notes) + (notes == 1 ? " note" : " notes") +
                           " on the quality of the data</a>");
    return element("header", "class=\"wrap\"", out) + "\n";
}

std::string brief_page(const Page& page) {
    return "<!doctype html>\n<html lang=\"en\">" + head("Shop report, " + page.period()) + "<body>" +
           header(page, true) +
           element("main", "id=\"main\" class=\"wrap\"",
                   html::brief_section(page) +
                       element("footer", "Made by funnel-train " + std::string(base::kVersion) +
                                             " from the log alone; intervals are 95 %.")) +
           "</body></html>\n";
}

}  // namespace

std::string to_html(const ReportNumbers& numbers, const LogSummary& log, const ModelNumbers* model,
                    const std::string& time_zone, const PageOptions& options) {
    const Page page{numbers, log, model, time_zone, options.targets};
    if (options.brief) return brief_page(page);
    std::string sections, links;
    for (const Part& part : kParts) {
        const std::string markup = part.markup(page);
        if (markup.empty()) continue;
        sections += markup;
        links += element("li", element("a", "href=\"#" + std::string(part.id) + "\"", part.title));
    }
    const std::string footer = element(
        "footer",
        "Made by funnel-train " + std::string(base::kVersion) +
            " from the log alone. All numbers follow the definitions on this page; intervals are 95 %.");
    return "<!doctype html>\n<html lang=\"en\">" + head("Shop report, " + page.period()) +
           "<body><a class=\"skip\" href=\"#main\">Skip to the report</a>\n" + header(page, false) +
           element("nav", "aria-label=\"Sections\"", element("ul", links)) + "\n" +
           element("main", "id=\"main\" class=\"wrap\"", sections + footer) + "</body></html>\n";
}

}  // namespace funnel::report
