/* Passes of recursive least squares over a recording, float64; formulas in least_squares.py, which compiles this on first use.
 * Arrays are row-major: P [unit][unit], J [target][source], rates [trial][time][unit]; room holds 3 rows. */
#include <math.h>

#define R restrict

static double dot(int n, const double *R a, const double *R b) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static void add(int n, double scale, const double *R a, double *R b) {
    for (int i = 0; i < n; i++) b[i] += scale * a[i];
}

/* Sum of squared errors of the last pass; not finite where the network came apart. */
double passes(int units, int trials, int steps, int number, double leak, const double *R first, const double *R rates, double *R J,
              double *R P, double *R room) {
    double *h = room, *r = room + units, *k = r + units, missed = 0;
    for (int pass = 0; pass < number; pass++) {
        missed = 0;
        for (int trial = 0; trial < trials; trial++) {
            const double *seen = rates + (long)trial * steps * units;
            for (int i = 0; i < units; i++) h[i] = first[trial * units + i];
            for (int t = 0; t < steps; t++, seen += units) {
                for (int i = 0; i < units; i++) r[i] = tanh(h[i]);
                for (int i = 0; i < units; i++) h[i] += leak * (dot(units, J + (long)i * units, r) - h[i]);
                for (int i = 0; i < units; i++) k[i] = dot(units, P + (long)i * units, r);
                const double c = 1 / (1 + dot(units, r, k));
                for (int i = 0; i < units; i++) {
                    const double error = r[i] - seen[i];
                    missed += error * error;
                    add(units, -c * k[i], k, P + (long)i * units);
                    add(units, -c * error, k, J + (long)i * units);
                }
            }
        }
        if (!(missed < INFINITY)) break;
    }
    return missed;
}
