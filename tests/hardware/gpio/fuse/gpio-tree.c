/*
 * /sys/class/gpio as a kernel with one header chip shows it, served by FUSE, so that the real
 * package onoff can be run where there is no header (Documentation/ABI/obsolete/sysfs-gpio).
 *
 *   gpio-tree BASE LABEL MOUNTPOINT
 *
 * On standard input "set OFFSET LEVEL" moves an input, "fail OFFSET" breaks it. On standard output
 * it says "tree export N", "tree unexport N", "tree edge OFFSET WHICH" and "tree drive OFFSET
 * LEVEL". It ends with its standard input.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse3/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_COUNT = 54, TEXT_SIZE = 32 };

enum edge { EDGE_NONE, EDGE_RISING, EDGE_FALLING, EDGE_BOTH, EDGE_COUNT };

static const char *const EDGES[EDGE_COUNT] = {"none", "rising", "falling", "both"};
static const char *const LINE_FILES[] = {"value", "direction", "edge", "active_low"};
static const char *const CHIP_FILES[] = {"base", "label", "ngpio"};

struct line {
  bool is_exported, is_output, is_active_low, is_broken;
  int level;
  enum edge edge;
  bool edge_pending;
  struct fuse_pollhandle *waiting;
};

static struct line lines[LINE_COUNT];
static int base;
static const char *label;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *what, int number, const char *rest) {
  printf("tree %s %d%s\n", what, number, rest);
  fflush(stdout);
}

static bool is_one_of(const char *name, const char *const *names, size_t count) {
  for (size_t at = 0; at < count; at++)
    if (strcmp(name, names[at]) == 0) return true;
  return false;
}

/* Splits "/gpio529/value": the exported line, or NULL; `file` is empty for the folder itself. */
static struct line *line_of(const char *path, char file[TEXT_SIZE]) {
  int number = 0;
  file[0] = 0;
  if (sscanf(path, "/gpio%d/%31s", &number, file) < 1) return NULL;
  int offset = number - base;
  if (offset < 0 || offset >= LINE_COUNT || !lines[offset].is_exported) return NULL;
  return &lines[offset];
}

/* "/gpiochip512/base" -> "base", "/gpiochip512" -> "", another path -> NULL. */
static const char *chip_file_of(const char *path) {
  char folder[TEXT_SIZE];
  int length = snprintf(folder, sizeof folder, "/gpiochip%d", base);
  if (strncmp(path, folder, (size_t)length) != 0) return NULL;
  if (path[length] == 0) return "";
  return path[length] == '/' ? path + length + 1 : NULL;
}

static int tree_getattr(const char *path, struct stat *stat, struct fuse_file_info *info) {
  (void)info;
  memset(stat, 0, sizeof *stat);
  char file[TEXT_SIZE];
  const char *chip_file = chip_file_of(path);
  pthread_mutex_lock(&lock);
  struct line *line = line_of(path, file);
  pthread_mutex_unlock(&lock);
  bool is_folder = strcmp(path, "/") == 0 || (chip_file && !*chip_file) || (line && !*file);
  bool is_file = strcmp(path, "/export") == 0 || strcmp(path, "/unexport") == 0 ||
                 (chip_file && is_one_of(chip_file, CHIP_FILES, 3)) ||
                 (line && is_one_of(file, LINE_FILES, 4));
  if (!is_folder && !is_file) return -ENOENT;
  stat->st_mode = is_folder ? S_IFDIR | 0755 : S_IFREG | 0644;
  stat->st_nlink = is_folder ? 2 : 1;
  stat->st_size = is_folder ? 0 : 4096;
  return 0;
}

static int tree_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                        struct fuse_file_info *info, enum fuse_readdir_flags flags) {
  (void)offset, (void)info, (void)flags;
  char name[TEXT_SIZE];
  const char *chip_file = chip_file_of(path);
  fill(buffer, ".", NULL, 0, 0);
  fill(buffer, "..", NULL, 0, 0);
  if (strcmp(path, "/") == 0) {
    fill(buffer, "export", NULL, 0, 0);
    fill(buffer, "unexport", NULL, 0, 0);
    snprintf(name, sizeof name, "gpiochip%d", base);
    fill(buffer, name, NULL, 0, 0);
  } else if (chip_file) {
    for (int at = 0; at < 3; at++) fill(buffer, CHIP_FILES[at], NULL, 0, 0);
  } else {
    for (int at = 0; at < 4; at++) fill(buffer, LINE_FILES[at], NULL, 0, 0);
  }
  return 0;
}

static int tree_open(const char *path, struct fuse_file_info *info) {
  (void)path;
  info->direct_io = 1;
  return 0;
}

static int tree_truncate(const char *path, off_t size, struct fuse_file_info *info) {
  (void)path, (void)size, (void)info;
  return 0;
}

/* The text of one file of a line; reading its value is what ends a pending edge. */
static int line_text(struct line *line, const char *file, char text[TEXT_SIZE]) {
  if (strcmp(file, "value") == 0) {
    if (line->is_broken) return -EIO;
    line->edge_pending = false;
    snprintf(text, TEXT_SIZE, "%d\n", line->level ^ line->is_active_low);
  } else if (strcmp(file, "direction") == 0) {
    snprintf(text, TEXT_SIZE, "%s\n", line->is_output ? "out" : "in");
  } else if (strcmp(file, "edge") == 0) {
    snprintf(text, TEXT_SIZE, "%s\n", EDGES[line->edge]);
  } else {
    snprintf(text, TEXT_SIZE, "%d\n", line->is_active_low);
  }
  return 0;
}

static int tree_read(const char *path, char *buffer, size_t size, off_t offset,
                     struct fuse_file_info *info) {
  (void)info;
  char text[TEXT_SIZE] = "", file[TEXT_SIZE];
  const char *chip_file = chip_file_of(path);
  pthread_mutex_lock(&lock);
  struct line *line = line_of(path, file);
  int failure = line ? line_text(line, file, text) : 0;
  pthread_mutex_unlock(&lock);
  if (failure) return failure;
  if (chip_file && strcmp(chip_file, "base") == 0) snprintf(text, sizeof text, "%d\n", base);
  if (chip_file && strcmp(chip_file, "label") == 0) snprintf(text, sizeof text, "%s\n", label);
  if (chip_file && strcmp(chip_file, "ngpio") == 0) snprintf(text, sizeof text, "%d\n", LINE_COUNT);
  size_t length = strlen(text);
  if ((size_t)offset >= length) return 0;
  if (size > length - (size_t)offset) size = length - (size_t)offset;
  memcpy(buffer, text + offset, size);
  return (int)size;
}

static void drive(struct line *line, int level) {
  line->level = level;
  say("drive", (int)(line - lines), level ? " 1" : " 0");
}

static int write_line(struct line *line, const char *file, const char *text) {
  if (strcmp(file, "value") == 0) {
    if (!line->is_output) return -EPERM;
    drive(line, (text[0] == '1') ^ line->is_active_low);
    return 0;
  }
  if (strcmp(file, "direction") == 0) {
    line->is_output = strcmp(text, "in") != 0;
    if (line->is_output) drive(line, strcmp(text, "high") == 0);
    return 0;
  }
  if (strcmp(file, "active_low") == 0) {
    line->is_active_low = text[0] == '1';
    return 0;
  }
  for (int edge = 0; edge < EDGE_COUNT; edge++) {
    if (strcmp(text, EDGES[edge]) != 0) continue;
    line->edge = (enum edge)edge;
    printf("tree edge %d %s\n", (int)(line - lines), EDGES[edge]);
    fflush(stdout);
    return 0;
  }
  return -EINVAL;
}

static int write_export(const char *text, bool is_export) {
  int number = atoi(text), offset = number - base;
  if (offset < 0 || offset >= LINE_COUNT) return -EINVAL;
  struct line *line = &lines[offset];
  if (is_export && line->is_exported) return -EBUSY;
  if (!is_export && !line->is_exported) return -EINVAL;
  line->is_exported = is_export;
  line->edge = EDGE_NONE;
  if (!is_export) line->is_output = false;
  say(is_export ? "export" : "unexport", number, "");
  return 0;
}

static int tree_write(const char *path, const char *buffer, size_t size, off_t offset,
                      struct fuse_file_info *info) {
  (void)offset, (void)info;
  char text[TEXT_SIZE] = "", file[TEXT_SIZE];
  memcpy(text, buffer, size < TEXT_SIZE ? size : TEXT_SIZE - 1);
  text[strcspn(text, "\n")] = 0;
  pthread_mutex_lock(&lock);
  struct line *line = line_of(path, file);
  int failure = -EINVAL;
  if (line)
    failure = write_line(line, file, text);
  else if (strcmp(path, "/export") == 0 || strcmp(path, "/unexport") == 0)
    failure = write_export(text, path[1] == 'e');
  pthread_mutex_unlock(&lock);
  return failure ? failure : (int)size;
}

static int tree_poll(const char *path, struct fuse_file_info *info,
                     struct fuse_pollhandle *handle, unsigned *events) {
  (void)info;
  char file[TEXT_SIZE];
  *events = 0;
  pthread_mutex_lock(&lock);
  struct line *line = line_of(path, file);
  if (line && handle) {
    if (line->waiting) fuse_pollhandle_destroy(line->waiting);
    line->waiting = handle;
  } else if (handle) {
    fuse_pollhandle_destroy(handle);
  }
  if (line && line->edge_pending) *events = POLLPRI | POLLERR;
  pthread_mutex_unlock(&lock);
  return 0;
}

static void move(struct line *line, int level) {
  bool is_edge = level > line->level ? line->edge & EDGE_RISING
                                     : level < line->level && line->edge & EDGE_FALLING;
  line->level = level;
  if (!is_edge) return;
  line->edge_pending = true;
  if (!line->waiting) return;
  fuse_notify_poll(line->waiting);
  fuse_pollhandle_destroy(line->waiting);
  line->waiting = NULL;
}

static void *obey(void *unused) {
  char order[TEXT_SIZE];
  int offset, level;
  while (fgets(order, sizeof order, stdin)) {
    pthread_mutex_lock(&lock);
    if (sscanf(order, "set %d %d", &offset, &level) == 2 && offset >= 0 && offset < LINE_COUNT)
      move(&lines[offset], level);
    else if (sscanf(order, "fail %d", &offset) == 1 && offset >= 0 && offset < LINE_COUNT)
      lines[offset].is_broken = true;
    pthread_mutex_unlock(&lock);
  }
  exit(0);
  return unused;
}

static void *tree_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
  config->direct_io = 1;
  pthread_t thread;
  pthread_create(&thread, NULL, obey, NULL);
  return NULL;
}

static const struct fuse_operations OPERATIONS = {
    .init = tree_init,
    .getattr = tree_getattr,
    .readdir = tree_readdir,
    .open = tree_open,
    .truncate = tree_truncate,
    .read = tree_read,
    .write = tree_write,
    .poll = tree_poll,
};

int main(int count, char **words) {
  if (count != 4) return 2;
  base = atoi(words[1]);
  label = words[2];
  char *arguments[] = {words[0], "-f", words[3], NULL};
  return fuse_main(3, arguments, &OPERATIONS, NULL);
}
