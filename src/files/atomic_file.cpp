#include "funnel/files/atomic_file.hpp"
