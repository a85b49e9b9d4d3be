#include <string.h>

#include "tomography.h"

extern const Task kaiser_bessel_estimate, kaiser_bessel_measure, gridrec_as_called, gridrec_padded;

const Task *find_task(const char *name) {
  const Task *tasks[] = {&kaiser_bessel_estimate, &kaiser_bessel_measure, &gridrec_as_called,
                         &gridrec_padded};
  for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) {
    if (strcmp(tasks[k]->name, name) == 0) return tasks[k];
  }
  return NULL;
}
