// SPDX-License-Identifier: MIT
// Everything in the header rooms at once. Programs that care for compile time include what they use.
#pragma once

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/matrix.hpp"
#include "funnel/base/parallel.hpp"
#include "funnel/base/progress.hpp"
#include "funnel/base/random.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/base/time.hpp"
#include "funnel/base/version.hpp"
#include "funnel/events/event.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/funnel.hpp"
#include "funnel/features/dataset.hpp"
