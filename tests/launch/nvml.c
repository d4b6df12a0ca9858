/* NVML as a machine without a GPU can have it: the functions that gpuspec calls, with NVIDIA's signatures (nvml.h). The
   GPUs stand in the file $NVML_GPUS, a line each: UUID, MiB in all, MiB used, name. Read at each call, so that
   what is used may change while a job runs; what was told of it is added to $NVML_GPUS.seen. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_FOUND = 6, MOST = 8 };

struct gpu { char uuid[64]; unsigned long long total, used; char name[96]; };
struct memory { unsigned long long total, free, used; };
struct rates { unsigned gpu, memory; };

static int read_gpus(struct gpu *gpus) {
  const char *path = getenv("NVML_GPUS");
  FILE *file = path ? fopen(path, "r") : NULL;
  int count = 0;
  if (!file) return 0;
  while (count < MOST && fscanf(file, "%63s %llu %llu %95[^\n]", gpus[count].uuid, &gpus[count].total,
                                &gpus[count].used, gpus[count].name) == 4)
    count++;
  fclose(file);
  return count;
}

/* A handle is the number of the GPU, counted from 1. */
static int find(void *handle, struct gpu *found) {
  struct gpu gpus[MOST];
  size_t number = (size_t)handle;
  if (number < 1 || number > (size_t)read_gpus(gpus)) return INVALID_ARGUMENT;
  *found = gpus[number - 1];
  return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags) { return flags ? INVALID_ARGUMENT : SUCCESS; }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return code ? "an error" : "no error"; }

int nvmlDeviceGetCount_v2(unsigned *count) {
  struct gpu gpus[MOST];
  *count = (unsigned)read_gpus(gpus);
  return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
  struct gpu found;
  *handle = (void *)(size_t)(index + 1);
  return find(*handle, &found);
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
  struct gpu gpus[MOST];
  int count = read_gpus(gpus);
  for (int at = 0; at < count; at++)
    if (!strcmp(gpus[at].uuid, uuid)) {
      *handle = (void *)(size_t)(at + 1);
      return SUCCESS;
    }
  return NOT_FOUND;
}

int nvmlDeviceGetName(void *handle, char *name, unsigned length) {
  struct gpu found;
  int code = find(handle, &found);
  if (!code) snprintf(name, length, "%s", found.name);
  return code;
}

/* % of the time in which all of them work, from the file $NVML_GPUS.busy; without it they do not tell (3: not
   supported). */
int nvmlDeviceGetUtilizationRates(void *handle, struct rates *rates) {
  struct gpu found;
  char path[4096];
  int code = find(handle, &found), count;
  snprintf(path, sizeof path, "%s.busy", getenv("NVML_GPUS"));
  FILE *file = code ? NULL : fopen(path, "r");
  if (!file) return code ? code : 3;
  count = fscanf(file, "%u", &rates->gpu);
  fclose(file);
  return count == 1 ? SUCCESS : 3;
}

int nvmlDeviceGetMemoryInfo(void *handle, struct memory *memory) {
  struct gpu found;
  int code = find(handle, &found);
  char seen[4096];
  snprintf(seen, sizeof seen, "%s.seen", getenv("NVML_GPUS"));
  FILE *file = code ? NULL : fopen(seen, "a");
  if (file) {
    fprintf(file, "%llu\n", found.used);
    fclose(file);
  }
  if (!code) *memory = (struct memory){found.total << 20, (found.total - found.used) << 20, found.used << 20};
  return code;
}
