// SPDX-License-Identifier: MIT
// evaluate also judges scores without list and position.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/score_log.hpp"

namespace funnel::cli_test {
namespace {

TEST(PlaceHidden, ScoresAreThoseOfEventsWithoutListAndPosition) {
    const Bundle bundle = persist::load_model(shop().model);
    ingest::ReadOptions reading;
    reading.columns.price = reading.columns.text_if_mapped = reading.columns.position_if_mapped = true;
    const EventLog log = ingest::read_log(std::vector<std::string>{shop().late}, reading).log;
    dataset::ExampleOptions wanted;
    for (const model::Head& head : bundle.heads) {
        wanted.targets.push_back(head.name);
        wanted.horizons.push_back(head.horizon);
    }
    history::History history = *bundle.history;
    const auto examples = dataset::build_examples(log, bundle.log->funnel, wanted, &history);
    const score::Scorer scorer(bundle, kernel::best());
    score::ScoredExamples hidden;
    const auto plain = score::score_log(log, history, examples, scorer, {}, &hidden);
    ASSERT_EQ(hidden.size(), plain.size());
    EXPECT_EQ(hidden.labels, plain.labels);

    // The first moment with examples: what was before it is quickly observed again.
    score::Scorer::Workspace workspace;
    std::vector<float> p(scorer.targets());
    std::size_t compared = 0;
    bool place_matters = false;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (plain.keys[i].time != plain.keys[0].time) continue;
        history::History start = *bundle.history;
        for (const std::uint64_t row : log.time_order()) {
            if (log.time[row] < plain.keys[i].time) start.observe(log.event(row), log.session[row]);
        }
        Event context = log.event(plain.keys[i].row);
        std::vector<float> numeric(start.spec().numeric.size());
        std::vector<std::string_view> texts(start.spec().categorical.size());
        context.list = {};
        context.position = events::kMissing;
        start.features(context, log.session[plain.keys[i].row], numeric, texts);
        scorer.predictor().predict(numeric, texts, p, workspace.predictor);
        EXPECT_NEAR(hidden.scores[0][i], p[0], 1e-6);
        place_matters |= std::abs(plain.scores[0][i] - p[0]) > 1e-4f;
        ++compared;
    }
    EXPECT_GT(compared, 0u);
    EXPECT_TRUE(place_matters);
}

TEST(PlaceHidden, IsASegmentOfTheReport) {
    const auto result = run_tool({"evaluate", "-m", shop().model, shop().late, "--json", "-q"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto evaluated = result.json();
    const auto& plain = evaluated.at("targets").at("click");
    const auto& hidden = evaluated.at("segments").at("place_hidden").at("click");
    EXPECT_EQ(hidden.at("examples"), plain.at("examples"));
    EXPECT_EQ(hidden.at("positives"), plain.at("positives"));
    EXPECT_NE(hidden.at("log_loss"), plain.at("log_loss"));
}

}  // namespace
}  // namespace funnel::cli_test
