#include "CBuildInfo.h"

const char *kmi_build_commit(void) { return KMI_BUILD_COMMIT; }

int64_t kmi_build_time(void) { return KMI_BUILD_TIME; }
