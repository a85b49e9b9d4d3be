"""The slice of the tomography bench by scikit-image, in a process of its own.

Called as iradon.py SCAN CALLS SLICE. The scan file holds, little-endian: int32 columns, views,
grid size, 0; float64 axis; float64 angles; float32 sinogram [view, column]. Its rows are placed so
that iradon, whose pixels count from columns // 2, gives the slice whose middle is
(columns - 1) / 2. Prints {"wallMs", "cpuMs", "version"} of one call and writes the slice as float32.
"""

import json
import sys
import time

import numpy as np
import skimage
from skimage.transform import iradon


def main():
    scan, calls, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(scan, "rb") as file:
        columns, views, _, _ = np.fromfile(file, np.int32, 4)
        np.fromfile(file, np.float64, 1)
        angles = np.fromfile(file, np.float64, views)
        sinogram = np.fromfile(file, np.float32, views * columns).reshape(views, columns)
    # iradon counts rows upwards, so its angles run the other way.
    degrees = -np.rad2deg(angles)
    columns_first = np.ascontiguousarray(sinogram.T)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        image = iradon(
            columns_first,
            theta=degrees,
            filter_name="ramp",
            interpolation="linear",
            circle=True,
        )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    image.astype(np.float32).tofile(target)
    report = {
        "wallMs": 1000 * wall / calls,
        "cpuMs": 1000 * cpu / calls,
        "version": f"scikit-image {skimage.__version__}, numpy {np.__version__}",
    }
    print(json.dumps(report))


main()
