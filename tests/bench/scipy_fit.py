"""The fit of the impedance bench by scipy, in a process of its own.

With "model": "numpy" the circuit is written out in numpy, which spares scipy the interpretation of
its text at every call; everything else is as impedance.py does it: curve_fit with bounds, which is
least_squares with the trust-region reflective method and a finite-difference Jacobian, on the
parameters themselves, weighted by the modulus. With "model": "impedance.py" it is impedance.py.

Reads {"model", "circuit", "points": [[f, re, im], ...], "start": [...], "calls": n} on standard
input and prints {"wallMs", "cpuMs", "chiSquare", "version"} of one call.
"""

import json
import sys
import time

import numpy as np
import scipy
from scipy.optimize import curve_fit

EXPONENTS = (3, 6, 8)


def impedance(frequency, r0, r1, q1, n1, r2, q2, n2, q3, n3):
    """R0-p(R1,CPE1)-p(R2,CPE2)-CPE3: real parts, then imaginary parts."""
    s = 2j * np.pi * frequency
    z = r0 + 1 / (1 / r1 + q1 * s**n1) + 1 / (1 / r2 + q2 * s**n2) + 1 / (q3 * s**n3)
    return np.hstack([z.real, z.imag])


def numpy_fit(problem, frequency, z):
    modulus = np.abs(z)
    values, _ = curve_fit(
        impedance,
        frequency,
        np.hstack([z.real, z.imag]),
        p0=problem["start"],
        sigma=np.hstack([modulus, modulus]),
        bounds=(0, [1.0 if p in EXPONENTS else np.inf for p in range(9)]),
        # impedance.py's own.
        ftol=1e-13,
        maxfev=100_000,
    )
    return values


def impedance_py_fit(problem, frequency, z):
    from impedance.models.circuits.fitting import circuit_fit

    values, _ = circuit_fit(
        frequency,
        z,
        problem["circuit"],
        list(problem["start"]),
        constants={},
        weight_by_modulus=True,
    )
    return values


def versions(model):
    said = f"scipy {scipy.__version__}, numpy {np.__version__}"
    if model == "numpy":
        return said
    from impedance import __version__

    return f"impedance.py {__version__}, {said}"


def main():
    problem = json.load(sys.stdin)
    frequency, real, imag = np.array(problem["points"]).T
    z = real + 1j * imag
    model, calls = problem["model"], problem["calls"]
    fit = numpy_fit if model == "numpy" else impedance_py_fit
    values = fit(problem, frequency, z)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        fit(problem, frequency, z)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    fitted = impedance(frequency, *values)
    residual = (np.hstack([real, imag]) - fitted) / np.tile(np.abs(z), 2)
    report = {
        "wallMs": 1000 * wall / calls,
        "cpuMs": 1000 * cpu / calls,
        "chiSquare": float(residual @ residual),
        "version": versions(model),
    }
    print(json.dumps(report))


main()
