/* Passes of the four cells over a trial, forward and backward, one network, float32.
 *
 * Matrix products go to the BLAS whose sgemm is handed in; everything between two products is one loop over the batch, so that a
 * value is read from cache once. Arrays are row-major; shapes stand beside them: T steps, B trials, n units, I inputs.
 * Formulas: rnnpop/cells. Compiled on first use by rnnpop/numerics/kernels/native.py.
 */
#include <stddef.h>
#include <string.h>

typedef void (*sgemm_t)(const char *, const char *, const int *, const int *, const int *, const float *, const float *, const int *,
                        const float *, const int *, const float *, float *, const int *);
#define R restrict
#define INLINE static inline __attribute__((always_inline))

/* C[m,n] = beta C + A[m,k] B[k,n], with leading dimensions; `tb` says that B is given as [n,k], `ta` that A is given as [k,m]. */
INLINE void gemm(sgemm_t f, int ta, int tb, int m, int n, int k, const float *A, int lda, const float *B, int ldb, float beta, float *C,
                 int ldc) {
    const float one = 1.0f;
    f(tb ? "T" : "N", ta ? "T" : "N", &n, &m, &k, &one, B, &ldb, A, &lda, &beta, C, &ldc);
}

/* Rational approximation of tanh by odd and even polynomials of degree 13 and 6 on [-7.905, 7.905]; relative error below 5e-7. */
INLINE float tanh_(float x) {
    x = x > 7.90531110763549805f ? 7.90531110763549805f : x < -7.90531110763549805f ? -7.90531110763549805f : x;
    const float s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}
INLINE float sigma(float x) { return 0.5f + 0.5f * tanh_(0.5f * x); }
INLINE float phi(float x, const int relu) { return relu ? (x > 0 ? x : 0) : tanh_(x); }
INLINE float slope(float y, const int relu) { return relu ? (y > 0 ? 1.0f : 0.0f) : 1 - y * y; }

/* a[B,m] = x[B,I] A[m,I]' + b, with A given transposed as At[I,m] */
INLINE void project(int B, int m, int I, const float *R x, const float *R At, const float *R b, float *R a) {
    for (int r = 0; r < B; r++) {
        float *R row = a + (size_t)r * m;
        memcpy(row, b, sizeof(float) * m);
        for (int i = 0; i < I; i++) {
            const float v = x[(size_t)r * I + i];
            if (v != 0)
                for (int j = 0; j < m; j++) row[j] += v * At[(size_t)i * m + j];
        }
    }
}

/* dA[m,I] and db[m] from delta[TB,m] and x[TB,I] */
static void small_gradients(sgemm_t f, int rows, int m, int I, const float *R x, const float *R delta, float *R dA, float *R db) {
    gemm(f, 1, 0, m, I, rows, delta, m, x, I, 0, dA, I);
    memset(db, 0, sizeof(float) * m);
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < m; j++) db[j] += delta[(size_t)r * m + j];
}
INLINE void column_sums(int B, int n, const float *R a, float *R out) {
    memset(out, 0, sizeof(float) * n);
    for (int r = 0; r < B; r++)
        for (int j = 0; j < n; j++) out[j] += a[(size_t)r * n + j];
}
INLINE void fill_rows(int B, int n, const float *R row, float *R a) {
    for (int r = 0; r < B; r++) memcpy(a + (size_t)r * n, row, sizeof(float) * n);
}

/* ---- vanilla: h[T+1,B,n]; gradient[T,B,n] is overwritten by the deltas ---- */
INLINE void vanilla_forward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *At, const float *W, const float *b,
                             const float *h0, float *h, const int relu) {
    const size_t s = (size_t)B * n;
    fill_rows(B, n, h0, h);
    for (int t = 0; t < T; t++) {
        float *R now = h + (t + 1) * s;
        project(B, n, I, x + (size_t)t * B * I, At, b, now);
        gemm(f, 0, 1, B, n, n, h + t * s, n, W, n, 1, now, n);
        for (size_t j = 0; j < s; j++) now[j] = phi(now[j], relu);
    }
}
INLINE void vanilla_backward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *W, const float *h, float *g, float *dA,
                              float *dW, float *db, float *dh0, float *work, const int relu) {
    const size_t s = (size_t)B * n;
    for (int t = T - 1; t >= 0; t--) {
        float *R d = g + t * s;
        const float *R y = h + (t + 1) * s;
        for (size_t j = 0; j < s; j++) d[j] *= slope(y[j], relu);
        gemm(f, 0, 0, B, n, n, d, n, W, n, t ? 1 : 0, t ? d - s : work, n);
    }
    column_sums(B, n, work, dh0);
    gemm(f, 1, 0, n, n, T * B, g, n, h, n, 0, dW, n);
    small_gradients(f, T * B, n, I, x, g, dA, db);
}

/* ---- ugrnn: a[T,B,2n] holds [u, c] ---- */
INLINE void ugrnn_forward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *At, const float *W, const float *b,
                           const float *h0, float *h, float *a, const int relu) {
    const size_t s = (size_t)B * n;
    fill_rows(B, n, h0, h);
    for (int t = 0; t < T; t++) {
        float *now = a + 2 * t * s;
        project(B, 2 * n, I, x + (size_t)t * B * I, At, b, now);
        gemm(f, 0, 1, B, 2 * n, n, h + t * s, n, W, n, 1, now, 2 * n);
        for (int r = 0; r < B; r++) {
            float *R u = now + (size_t)r * 2 * n, *R c = u + n, *R after = h + (t + 1) * s + (size_t)r * n;
            const float *R before = h + t * s + (size_t)r * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                u[j] = sigma(u[j]);
                c[j] = phi(c[j], relu);
                after[j] = c[j] + u[j] * (before[j] - c[j]);
            }
        }
    }
}
INLINE void ugrnn_backward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *W, const float *h, const float *a, float *g,
                            float *delta, float *dA, float *dW, float *db, float *dh0, float *work, const int relu) {
    const size_t s = (size_t)B * n;
    for (int t = T - 1; t >= 0; t--) {
        float *below = t ? g + (t - 1) * s : work, *d = delta + 2 * t * s;
        if (!t) memset(work, 0, sizeof(float) * s);
        for (int r = 0; r < B; r++) {
            const float *R u = a + 2 * t * s + (size_t)r * 2 * n, *R c = u + n, *R y = h + t * s + (size_t)r * n,
                        *R e = g + t * s + (size_t)r * n;
            float *R du = d + (size_t)r * 2 * n, *R dc = du + n, *R next = below + (size_t)r * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                const float direct = e[j] * u[j];
                du[j] = e[j] * (y[j] - c[j]) * u[j] * (1 - u[j]);
                dc[j] = (e[j] - direct) * slope(c[j], relu);
                next[j] += direct;
            }
        }
        gemm(f, 0, 0, B, n, 2 * n, d, 2 * n, W, n, 1, below, n);
    }
    column_sums(B, n, work, dh0);
    gemm(f, 1, 0, 2 * n, n, T * B, delta, 2 * n, h, n, 0, dW, n);
    small_gradients(f, T * B, 2 * n, I, x, delta, dA, db);
}

/* ---- gru: a[T,B,3n] holds [u, r, c]; reset[T,B,n] holds r∘h ---- */
INLINE void gru_forward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *At, const float *W, const float *b,
                         const float *h0, float *h, float *a, float *reset, const int relu) {
    const size_t s = (size_t)B * n;
    fill_rows(B, n, h0, h);
    for (int t = 0; t < T; t++) {
        float *now = a + 3 * t * s, *rh = reset + t * s;
        project(B, 3 * n, I, x + (size_t)t * B * I, At, b, now);
        gemm(f, 0, 1, B, 2 * n, n, h + t * s, n, W, n, 1, now, 3 * n);
        for (int q = 0; q < B; q++) {
            float *R u = now + (size_t)q * 3 * n, *R r = u + n, *R out = rh + (size_t)q * n;
            const float *R before = h + t * s + (size_t)q * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                u[j] = sigma(u[j]);
                r[j] = sigma(r[j]);
                out[j] = r[j] * before[j];
            }
        }
        gemm(f, 0, 1, B, n, n, rh, n, W + (size_t)2 * n * n, n, 1, now + 2 * n, 3 * n);
        for (int q = 0; q < B; q++) {
            float *R u = now + (size_t)q * 3 * n, *R c = u + 2 * n, *R after = h + (t + 1) * s + (size_t)q * n;
            const float *R before = h + t * s + (size_t)q * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                c[j] = phi(c[j], relu);
                after[j] = c[j] + u[j] * (before[j] - c[j]);
            }
        }
    }
}
INLINE void gru_backward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *W, const float *h, const float *a,
                          const float *reset, float *g, float *delta, float *dA, float *dW, float *db, float *dh0, float *work,
                          const int relu) {
    const size_t s = (size_t)B * n;
    float *initial = work, *de = work + s;
    for (int t = T - 1; t >= 0; t--) {
        float *below = t ? g + (t - 1) * s : initial, *d = delta + 3 * t * s;
        if (!t) memset(initial, 0, sizeof(float) * s);
        for (int q = 0; q < B; q++) {
            const float *R u = a + 3 * t * s + (size_t)q * 3 * n, *R c = u + 2 * n, *R y = h + t * s + (size_t)q * n,
                        *R e = g + t * s + (size_t)q * n;
            float *R du = d + (size_t)q * 3 * n, *R dc = du + 2 * n, *R next = below + (size_t)q * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                const float direct = e[j] * u[j];
                du[j] = e[j] * (y[j] - c[j]) * u[j] * (1 - u[j]);
                dc[j] = (e[j] - direct) * slope(c[j], relu);
                next[j] += direct;
            }
        }
        gemm(f, 0, 0, B, n, n, d + 2 * n, 3 * n, W + (size_t)2 * n * n, n, 0, de, n); /* gradient of r∘h */
        for (int q = 0; q < B; q++) {
            const float *R r = a + 3 * t * s + (size_t)q * 3 * n + n, *R y = h + t * s + (size_t)q * n, *R e = de + (size_t)q * n;
            float *R dr = d + (size_t)q * 3 * n + n, *R next = below + (size_t)q * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                next[j] += e[j] * r[j];
                dr[j] = e[j] * y[j] * r[j] * (1 - r[j]);
            }
        }
        gemm(f, 0, 0, B, n, 2 * n, d, 3 * n, W, n, 1, below, n);
    }
    column_sums(B, n, initial, dh0);
    gemm(f, 1, 0, 2 * n, n, T * B, delta, 3 * n, h, n, 0, dW, n);
    gemm(f, 1, 0, n, n, T * B, delta + 2 * n, 3 * n, reset, n, 0, dW + (size_t)2 * n * n, n);
    small_gradients(f, T * B, 3 * n, I, x, delta, dA, db);
}

/* ---- lstm: a[T,B,4n] holds [f, i, o, g]; c[T+1,B,n]; shown[T,B,n] holds φ(c') ---- */
INLINE void lstm_forward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *At, const float *W, const float *b,
                          const float *h0, float *h, float *a, float *c, float *shown, const int relu) {
    const size_t s = (size_t)B * n;
    fill_rows(B, n, h0, h);
    fill_rows(B, n, h0 + n, c);
    for (int t = 0; t < T; t++) {
        float *now = a + 4 * t * s;
        project(B, 4 * n, I, x + (size_t)t * B * I, At, b, now);
        gemm(f, 0, 1, B, 4 * n, n, h + t * s, n, W, n, 1, now, 4 * n);
        for (int r = 0; r < B; r++) {
            float *R F = now + (size_t)r * 4 * n, *R N = F + n, *R O = N + n, *R G = O + n;
            const float *R old = c + t * s + (size_t)r * n;
            float *R new = c + (t + 1) * s + (size_t)r * n, *R out = shown + t * s + (size_t)r * n, *R y = h + (t + 1) * s + (size_t)r * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                F[j] = sigma(F[j]);
                N[j] = sigma(N[j]);
                O[j] = sigma(O[j]);
                G[j] = phi(G[j], relu);
                new[j] = F[j] * old[j] + N[j] * G[j];
                out[j] = phi(new[j], relu);
                y[j] = O[j] * out[j];
            }
        }
    }
}
INLINE void lstm_backward_(sgemm_t f, int T, int B, int n, int I, const float *x, const float *W, const float *h, const float *a,
                           const float *c, const float *shown, float *g, float *delta, float *dA, float *dW, float *db, float *dh0,
                           float *work, const int relu) {
    const size_t s = (size_t)B * n;
    float *initial = work, *carry = work + s;
    memset(work, 0, sizeof(float) * 2 * s);
    for (int t = T - 1; t >= 0; t--) {
        float *below = t ? g + (t - 1) * s : initial, *d = delta + 4 * t * s;
        for (int r = 0; r < B; r++) {
            const float *R F = a + 4 * t * s + (size_t)r * 4 * n, *R N = F + n, *R O = N + n, *R G = O + n;
            const float *R old = c + t * s + (size_t)r * n, *R out = shown + t * s + (size_t)r * n, *R e = g + t * s + (size_t)r * n;
            float *R dF = d + (size_t)r * 4 * n, *R dN = dF + n, *R dO = dN + n, *R dG = dO + n, *R k = carry + (size_t)r * n;
            _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
                dO[j] = e[j] * out[j] * O[j] * (1 - O[j]);
                const float dc = k[j] + e[j] * O[j] * slope(out[j], relu);
                dF[j] = dc * old[j] * F[j] * (1 - F[j]);
                dN[j] = dc * G[j] * N[j] * (1 - N[j]);
                dG[j] = dc * N[j] * slope(G[j], relu);
                k[j] = dc * F[j];
            }
        }
        gemm(f, 0, 0, B, n, 4 * n, d, 4 * n, W, n, 1, below, n);
    }
    column_sums(B, n, initial, dh0);
    column_sums(B, n, carry, dh0 + n);
    gemm(f, 1, 0, 4 * n, n, T * B, delta, 4 * n, h, n, 0, dW, n);
    small_gradients(f, T * B, 4 * n, I, x, delta, dA, db);
}

/* ---- entries: every loop is compiled twice, for tanh and for ReLU ---- */
#define SHAPE sgemm_t f, int relu, int T, int B, int n, int I
#define SEEN const float *x, const float *At, const float *W, const float *b, const float *h0
#define FOUND float *dA, float *dW, float *db, float *dh0, float *work
#define BOTH(function, ...) (relu ? function(f, T, B, n, I, __VA_ARGS__, 1) : function(f, T, B, n, I, __VA_ARGS__, 0))

void vanilla_forward(SHAPE, SEEN, float *h) { BOTH(vanilla_forward_, x, At, W, b, h0, h); }
void ugrnn_forward(SHAPE, SEEN, float *h, float *a) { BOTH(ugrnn_forward_, x, At, W, b, h0, h, a); }
void gru_forward(SHAPE, SEEN, float *h, float *a, float *reset) { BOTH(gru_forward_, x, At, W, b, h0, h, a, reset); }
void lstm_forward(SHAPE, SEEN, float *h, float *a, float *c, float *shown) { BOTH(lstm_forward_, x, At, W, b, h0, h, a, c, shown); }

void vanilla_backward(SHAPE, const float *x, const float *W, const float *h, float *g, FOUND) {
    BOTH(vanilla_backward_, x, W, h, g, dA, dW, db, dh0, work);
}
void ugrnn_backward(SHAPE, const float *x, const float *W, const float *h, const float *a, float *g, float *delta, FOUND) {
    BOTH(ugrnn_backward_, x, W, h, a, g, delta, dA, dW, db, dh0, work);
}
void gru_backward(SHAPE, const float *x, const float *W, const float *h, const float *a, const float *reset, float *g, float *delta, FOUND) {
    BOTH(gru_backward_, x, W, h, a, reset, g, delta, dA, dW, db, dh0, work);
}
void lstm_backward(SHAPE, const float *x, const float *W, const float *h, const float *a, const float *c, const float *shown, float *g,
                   float *delta, FOUND) {
    BOTH(lstm_backward_, x, W, h, a, c, shown, g, delta, dA, dW, db, dh0, work);
}
