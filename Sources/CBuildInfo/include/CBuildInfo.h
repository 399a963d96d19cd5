// What the build was told of itself. A C target of its own, because it is the only thing that a new commit compiles.

#pragma once

#include <stdint.h>

/// The commit, `-dirty` behind it if files were changed; empty if the build was not told.
const char *_Nonnull kmi_build_commit(void);

/// When it was built, in seconds since 1970-01-01T00:00:00Z; 0 if the build was not told.
int64_t kmi_build_time(void);
