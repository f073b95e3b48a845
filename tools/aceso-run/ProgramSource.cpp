//===- ProgramSource.cpp - Programs from files and from IR ----------------===//

#include "ProgramSource.h"

#include "aceso/Support/InputFile.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <vector>

extern char **environ;

namespace aceso {

/// Runs a compiler tool that stands beside this program; the error, or empty.
static std::string runTool(const std::string &name, const std::vector<std::string> &arguments) {
  std::error_code error;
  std::filesystem::path tool =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
  if (error || !std::filesystem::exists(tool))
    return tool.string() + ": is missing; .mlir needs the compiler tools beside aceso-run (build " +
           "with -DACESO_ENABLE_COMPILER=ON), or export the program where they are";
  std::vector<std::string> all = {tool.string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char *> pointers;
  for (std::string &argument : all)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = -1;
  if (int problem = posix_spawn(&child, tool.c_str(), nullptr, nullptr, pointers.data(), environ))
    return tool.string() + ": cannot be started (" + std::strerror(problem) + ")";
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return name + " was ended by signal " + std::to_string(WTERMSIG(status));
  return status == 0 ? "" : name + " could not compile it; what is wrong is said above";
}

Result<std::string> findProgramFile(const std::string &file, TemporaryFolder &folder) {
  if (!file.ends_with(".mlir"))
    return file;
  Result<std::string> text = readWhole(file, "give a program file, or a plan or exec as .mlir");
  if (!text)
    return text.takeError();
  std::string lowered = file, program = folder.getPath() + "/exported.program";
  if (text->find("exec.program") == std::string::npos) {
    if (text->find("par.plan") == std::string::npos)
      return ErrorMessage{file + ": holds neither a plan nor an exec program; make a plan first " +
                          "(aceso-opt --par-search)"};
    lowered = folder.getPath() + "/lowered.mlir";
    if (std::string problem = runTool("aceso-opt", {file, "--lower-to-exec", "-o", lowered});
        !problem.empty())
      return ErrorMessage{file + ": " + problem};
  }
  if (std::string problem =
          runTool("aceso-translate", {"--export-program", lowered, "-o", program});
      !problem.empty())
    return ErrorMessage{file + ": " + problem};
  return program;
}

static std::string joinNumbers(const std::vector<int64_t> &numbers) {
  std::string text;
  for (int64_t number : numbers)
    text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

Result<std::string> findProfileSetFile(const std::string &file, const ProfileRequest &request,
                                       TemporaryFolder &folder) {
  Result<std::string> text = readWhole(file, "give a model as .mlir, or a profile set");
  if (!text)
    return text.takeError();
  if (!file.ends_with(".mlir"))
    return file;
  std::string set = folder.getPath() + "/profile-set.json";
  std::vector<std::string> arguments = {"--export-profile-set",
                                        file,
                                        "--devices=" + std::to_string(request.numRanks),
                                        "--samples=" + joinNumbers(request.samples),
                                        "-o",
                                        set};
  if (!request.tps.empty())
    arguments.push_back("--tp=" + joinNumbers(request.tps));
  if (std::string problem = runTool("aceso-translate", arguments); !problem.empty())
    return ErrorMessage{file + ": " + problem};
  return set;
}

} // namespace aceso
