// LogRecorder, which users' tests have too.
#pragma once

#include "freshet/testing/log_recorder.hpp"
