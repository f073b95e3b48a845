//===- FullDisk.h - A disk on which little fits -----------------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_SUPPORT_FULLDISK_H
#define ACESO_TEST_UNIT_SUPPORT_FULLDISK_H

#include <csignal>
#include <sys/resource.h>

namespace aceso::test {

/// While it lives, files cannot grow beyond `bytes`: as on a full disk, part of a file can be
/// written.
class FullDisk {
public:
  explicit FullDisk(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit small = {bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before); }

private:
  rlimit before;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_SUPPORT_FULLDISK_H
