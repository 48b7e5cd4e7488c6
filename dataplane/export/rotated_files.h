#pragma once

#include <cstddef>
#include <string>

#include "flowcore/base/result.h"

namespace flowscope {

// The names of files that were rotated: NAME.YYYYmmddTHHMMSSZ, the moment in UTC, with ".1", ".2"
// and so on behind it where that is taken.

// Renames a file so, in one step and never over another; gives the new name.
Result<std::string> rename_with_time(const std::string& path);

// Of the files that `path` was renamed to, deletes the oldest until `keep` are left. Others that
// are only called alike stay.
void delete_oldest_rotated(const std::string& path, size_t keep);

}  // namespace flowscope
