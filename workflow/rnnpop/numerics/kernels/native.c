/* Error of one network on a batch, its gradient, and a step of Adam; four cells, float32.
 *
 * Trials lie in the lanes of vectors: an array is [row][trial], for BLOCK trials that pass through all steps, forward and backward,
 * before the next BLOCK does. So any number of units makes full vectors, and what a step touches stays in cache. The readout is
 * part of the recurrent product: with the stacked matrix P = [W A b; C 0 d] and the seen s_t = [h_t; x_t; 1],
 *
 *     P s_t = [pre-activations of step t; output y after step t-1],   D_t = [their gradients; gradient of y],
 *     dh_t = P' D_t,   dP = sum over t of D_t s_t',
 *
 * and all three are one small product whose operands are in cache (`product`). Rows of P are [unit][gate], so that all gates of a
 * unit come out together and are used while they are hot. Formulas of the cells: rnnpop/cells. Compiled by native.py on first use.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#define R restrict
#define INLINE static inline __attribute__((always_inline))
#define VECTORISED _Pragma("GCC ivdep") for (int b = 0; b < BLOCK; b++)

/* A tile of ROWS x COLUMNS vectors of sums fits into the registers, with what is multiplied beside it. */
#if defined(__AVX512F__)
enum { LANES = 16, ROWS = 6, COLUMNS = 4 };
#elif defined(__AVX__)
enum { LANES = 8, ROWS = 6, COLUMNS = 2 };
#else
enum { LANES = 4, ROWS = 6, COLUMNS = 2 };
#endif
#ifndef BLOCK
#define BLOCK 64 /* trials; a multiple of LANES */
#endif

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int indices __attribute__((vector_size(4 * LANES)));

enum { VANILLA, UGRNN, GRU, LSTM };
enum { SQUARED, LOG, LINEAR, LOGISTIC }; /* scores of outputs; LOG and LINEAR are of a softmax of them */
enum { WIDE = 8 };                          /* inputs from which on they fill the tiles of a product */

/* ---- products ---- */

/* C[m, v vectors] = add C + A[m,k] B[k, v vectors], with the rows of each array `ld.` apart */
INLINE void tile(const int m, const int v, int k, const float *R A, size_t lda, const float *R B, size_t ldb, float *R C, size_t ldc,
                 int add) {
    vector sum[ROWS][COLUMNS];
#pragma GCC unroll 8
    for (int i = 0; i < m; i++)
#pragma GCC unroll 8
        for (int j = 0; j < v; j++) sum[i][j] = add ? *(const vector *)(C + i * ldc + j * LANES) : (vector){0};
    for (int p = 0; p < k; p++, B += ldb) {
#pragma GCC unroll 8
        for (int i = 0; i < m; i++) {
            const vector a = A[i * lda + p] - (vector){0};
#pragma GCC unroll 8
            for (int j = 0; j < v; j++) sum[i][j] += a * *(const vector *)(B + j * LANES);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < m; i++)
#pragma GCC unroll 8
        for (int j = 0; j < v; j++) *(vector *)(C + i * ldc + j * LANES) = sum[i][j];
}

/* C[m,n] = add C + A[m,k] B[k,n]; n and the rows of B and C are whole vectors */
static void product(int m, int n, int k, const float *A, size_t lda, const float *B, size_t ldb, float *C, size_t ldc, int add) {
#define WITH(r, v) tile(r, v, k, A + i * lda, lda, B + j, ldb, C + i * ldc + j, ldc, add)
#define HEIGHTS(v)                      \
    switch (m - i < ROWS ? m - i : 0) { \
        case 0: WITH(ROWS, v); break;   \
        case 1: WITH(1, v); break;      \
        case 2: WITH(2, v); break;      \
        case 3: WITH(3, v); break;      \
        case 4: WITH(4, v); break;      \
        case 5: WITH(5, v); break;      \
    }
    for (int j = 0; j < n;) {
        const int whole = n - j >= COLUMNS * LANES;
        for (int i = 0; i < m; i += ROWS)
            if (whole)
                HEIGHTS(COLUMNS)
            else
                HEIGHTS(1)
        j += whole ? COLUMNS * LANES : LANES;
    }
}

/* out[BLOCK][ld] = in[n][BLOCK] transposed, by whole tiles of LANES x LANES: rows of `in` up to a multiple of LANES are read */
static void transpose(int n, const float *R in, float *R out, size_t ld) {
#ifdef __clang__ /* has no shuffle by a vector of places */
    for (int j = 0; j < n; j++)
        for (int b = 0; b < BLOCK; b++) out[(size_t)b * ld + j] = in[(size_t)j * BLOCK + b];
#else
    enum { STAGES = LANES == 16 ? 4 : LANES == 8 ? 3 : 2 };
    indices lane, low[STAGES], high[STAGES];
    for (int i = 0; i < LANES; i++) lane[i] = i;
    for (int k = 0; k < STAGES; k++) {
        const int s = 1 << k;
        low[k] = lane + (((lane & s) != 0) & (LANES - s)), high[k] = low[k] + s;
    }
    for (int j = 0; j < n; j += LANES)
        for (int b = 0; b < BLOCK; b += LANES) {
            vector row[LANES];
#pragma GCC unroll 16
            for (int i = 0; i < LANES; i++) row[i] = *(const vector *)(in + (size_t)(j + i) * BLOCK + b);
#pragma GCC unroll 4
            for (int k = 0; k < STAGES; k++) /* swap the blocks of 2^k x 2^k beside the diagonal */
#pragma GCC unroll 16
                for (int i = 0; i < LANES; i++)
                    if (!(i >> k & 1)) {
                        const vector first = row[i], second = row[i + (1 << k)];
                        row[i] = __builtin_shuffle(first, second, low[k]), row[i + (1 << k)] = __builtin_shuffle(first, second, high[k]);
                    }
#pragma GCC unroll 16
            for (int i = 0; i < LANES; i++) *(vector *)(out + (size_t)(b + i) * ld + j) = row[i];
        }
#endif
}

/* sums[m][rows] vectors += D[m] x[rows], lane by lane: for the few rows of the input, where a product has nothing to fill a tile with */
static void thin_product(int m, int rows, const float *R D, const float *R x, float *R sums) {
    for (int i = 0; i < m; i++, D += BLOCK)
        for (int r = 0; r < rows; r++, sums += LANES) {
            vector sum = *(vector *)sums;
#pragma GCC unroll 4
            for (int v = 0; v < BLOCK; v += LANES) sum += *(const vector *)(D + v) * *(const vector *)(x + (size_t)r * BLOCK + v);
            *(vector *)sums = sum;
        }
}

INLINE float total(const float *R a, int size) {
    float sum = 0;
    for (int b = 0; b < size; b++) sum += a[b];
    return sum;
}

/* ---- non-linearities ---- */

/* Rational approximation of tanh by odd and even polynomials of degree 13 and 6 on [-7.905, 7.905]; relative error below 5e-7. */
INLINE float tanh_(float x) {
    x = 7.90531110763549805f < x ? 7.90531110763549805f : x; /* in this order what is not a number stays so */
    x = -7.90531110763549805f > x ? -7.90531110763549805f : x;
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
INLINE float phi(float x, const int relu) { return relu ? (0 > x ? 0 : x) : tanh_(x); }
INLINE float slope(float y, const int relu) { return relu ? (y > 0 ? 1.0f : 0.0f) : 1 - y * y; }

/* ---- a network: its parameters (or their gradients), as rnnpop/numerics/affine.py names them ---- */

typedef struct {
    float *input_weights, *recurrent_weights, *bias, *initial_state, *readout_weights, *readout_bias;
} parameters;

/* A stacked matrix P = [W A b] as the products want it, and its gradient; dX sums lane by lane */
typedef struct {
    int rows;
    float *P, *Pt, *At, *dP; /* [rows][K], [n][rows], [I][rows], [rows][N] */
    float *dA, *dX;          /* of inputs and bias: where those are wide [rows][W] and [rows][LANES], else all in dX, [rows][I+1][LANES] */
} stacked;

/* Shapes, and what is worked in. Steps T, units n, inputs I, outputs O; n in whole vectors N; K = n + I + 1;
 * inputs in whole vectors W, or 0 where they are few; components that the readout sees V: n, or of an LSTM 2n, its cells as well.
 * `all` has G gates of each unit, then the readout; the GRU's candidate, which sees r∘h, is apart. */
typedef struct {
    int T, n, I, O, G, K, N, W, V;
    stacked all, candidate;
    float *seen, *a;                     /* [T+1][K][BLOCK]: h, x, 1;  [T+1][rows][BLOCK]: gates, then y, then its gradient */
    float *reset;                        /* GRU: [T][K][BLOCK]: r∘h, x, 1 */
    float *c, *shown;                    /* LSTM: cell [T+1][n][BLOCK], phi(c) [T][n][BLOCK];  GRU: candidate [T][n][BLOCK] */
    float *D, *Dc, *dh, *carry, *turned; /* of one step, in rows of BLOCK: D of `all` and of the candidate, dh, dc; h' [BLOCK][N] */
    float *dx, *turned_x;                /* and of its inputs: their gradient [I][BLOCK], x' [BLOCK][W] */
    float *Q, *Qt, *dQ;                  /* readout of the cells, its transpose and gradient: [O][n], [n][O], [O][N] */
    size_t size;
} room;

/* The next `count` floats, rounded up to whole vectors */
static float *take(room *s, float *base, size_t count) {
    float *const here = base + s->size;
    s->size += (count + LANES - 1) / LANES * LANES;
    return here;
}

static stacked take_stacked(room *s, float *base, int rows) {
    const size_t m = rows, n = s->n, I = s->I;
    stacked p = {.rows = rows};
    p.P = take(s, base, m * s->K);
    p.Pt = take(s, base, m * n);
    p.At = take(s, base, m * I);
    p.dP = take(s, base, m * s->N);
    p.dA = take(s, base, m * s->W);
    p.dX = take(s, base, m * (s->W ? 1 : I + 1) * LANES);
    return p;
}

static room lay_out(int cell, int T, int n, int I, int O, int V, float *base) {
    const int G = cell == VANILLA ? 1 : cell == LSTM ? 4 : 2;
    room s = {.T = T, .n = n, .I = I, .O = O, .G = G, .K = n + I + 1, .N = (n + LANES - 1) / LANES * LANES};
    s.W = I < WIDE ? 0 : (I + LANES - 1) / LANES * LANES;
    s.V = V;
    const size_t row = BLOCK, slot = n * row, seen = s.K * row, over = LANES * row; /* `transpose` reads over the end */
    const size_t lstm = cell == LSTM, gru = cell == GRU;
    s.all = take_stacked(&s, base, G * n + O);
    s.candidate = take_stacked(&s, base, gru * n);
    s.seen = take(&s, base, (T + 1) * seen + over);
    s.a = take(&s, base, (T + 1) * s.all.rows * row);
    s.reset = take(&s, base, gru * (T * seen + over));
    s.c = take(&s, base, (lstm * (T + 1) + gru * T) * slot + lstm * over);
    s.shown = take(&s, base, lstm * T * slot);
    s.D = take(&s, base, s.all.rows * row);
    s.Dc = take(&s, base, gru * slot);
    s.dh = take(&s, base, slot);
    s.carry = take(&s, base, slot);
    s.turned = take(&s, base, s.N * row);
    s.dx = take(&s, base, I * row);
    s.turned_x = take(&s, base, s.W * row);
    const size_t cells = V > n;
    s.Q = take(&s, base, cells * O * n);
    s.Qt = take(&s, base, cells * O * n);
    s.dQ = take(&s, base, cells * O * s.N);
    return s;
}

/* Where gate g of unit j stands */
static const stacked *place(const room *s, int g, int j, int *row) {
    *row = g < s->G ? j * s->G + g : j;
    return g < s->G ? &s->all : &s->candidate;
}

static void pack_row(const room *s, const stacked *m, int row, const float *w, const float *a, float b) {
    float *to = m->P + (size_t)row * s->K;
    for (int j = 0; j < s->n; j++) to[j] = w[j], m->Pt[(size_t)j * m->rows + row] = w[j];
    for (int i = 0; i < s->I; i++) to[s->n + i] = m->At[(size_t)i * m->rows + row] = a ? a[i] : 0;
    to[s->n + s->I] = b;
}

static void unpack_row(const room *s, const stacked *m, int row, float *w, float *a, float *b) {
    const int thin = s->W ? 0 : s->I;
    const float *sums = m->dX + (size_t)row * (thin + 1) * LANES;
    memcpy(w, m->dP + (size_t)row * s->N, sizeof(float) * s->n);
    if (a && s->W) memcpy(a, m->dA + (size_t)row * s->W, sizeof(float) * s->I);
    for (int i = 0; a && i < thin; i++) a[i] = total(sums + i * LANES, LANES);
    *b = total(sums + thin * LANES, LANES);
}

/* Stacked matrices from the parameters, with `constant` added to the bias of the first gate; their gradients are cleared. */
static void pack(const room *s, int gates, float constant, const parameters *p) {
    int row;
    for (int g = 0; g < gates; g++)
        for (int j = 0; j < s->n; j++) {
            const size_t from = (size_t)g * s->n + j;
            const stacked *m = place(s, g, j, &row);
            pack_row(s, m, row, p->recurrent_weights + from * s->n, p->input_weights + from * s->I, p->bias[from] + (g ? 0 : constant));
        }
    for (int o = 0; o < s->O; o++) {
        const float *w = p->readout_weights + (size_t)o * s->V;
        pack_row(s, &s->all, s->G * s->n + o, w, NULL, p->readout_bias[o]);
        for (int j = 0; s->V > s->n && j < s->n; j++) s->Q[o * s->n + j] = s->Qt[j * s->O + o] = w[s->n + j];
    }
    if (s->V > s->n) memset(s->dQ, 0, sizeof(float) * s->O * s->N);
    const stacked *both[] = {&s->all, &s->candidate};
    for (int i = 0; i < 2; i++) {
        memset(both[i]->dP, 0, sizeof(float) * both[i]->rows * s->N);
        memset(both[i]->dA, 0, sizeof(float) * both[i]->rows * s->W);
        memset(both[i]->dX, 0, sizeof(float) * both[i]->rows * (s->W ? 1 : s->I + 1) * LANES);
    }
}

static void unpack(const room *s, int gates, const parameters *p) {
    int row;
    for (int g = 0; g < gates; g++)
        for (int j = 0; j < s->n; j++) {
            const size_t to = (size_t)g * s->n + j;
            const stacked *m = place(s, g, j, &row);
            unpack_row(s, m, row, p->recurrent_weights + to * s->n, p->input_weights + to * s->I, p->bias + to);
        }
    for (int o = 0; o < s->O; o++) {
        float *w = p->readout_weights + (size_t)o * s->V;
        unpack_row(s, &s->all, s->G * s->n + o, w, NULL, p->readout_bias + o);
        if (s->V > s->n) memcpy(w + s->n, s->dQ + (size_t)o * s->N, sizeof(float) * s->n);
    }
}

/* Gradient of rows from `low` on, from those of what the rows put out */
static void add_gradient(const room *s, const stacked *m, int low, int rows, const float *D, const float *seen) {
    transpose(s->n, seen, s->turned, s->N);
    product(rows, s->N, BLOCK, D, BLOCK, s->turned, s->N, m->dP + (size_t)low * s->N, s->N, 1);
    const float *x = seen + (size_t)s->n * BLOCK;
    const int thin = s->W ? 0 : s->I;
    if (s->W) {
        transpose(s->I, x, s->turned_x, s->W);
        product(rows, s->W, BLOCK, D, BLOCK, s->turned_x, s->W, m->dA + (size_t)low * s->W, s->W, 1);
    }
    thin_product(rows, thin + 1, D, x + (size_t)(s->I - thin) * BLOCK, m->dX + (size_t)low * (thin + 1) * LANES);
}

/* ---- a block of trials ---- */

/* Sum of the scores of the block whose `trials` first lanes are trials; their gradients, times `scale`, take the place of the outputs y[O][BLOCK].
 * A wanted answer is a row of `target`; under a softmax it is one-hot times a weight w, and 0 where nothing is scored:
 * LOG: -sum w log p, gradient w p - target;  LINEAR: -sum w p, gradient -p (target - sum target p).
 * LOGISTIC: a target is a sign times a weight w, or 0: w log(1 + exp(-z)) with z = sign y, gradient -target / (1 + exp(z)). */
INLINE double score(int loss, int O, int trials, float scale, const float *R target, float *R y) {
    double error = 0;
    if (loss == SQUARED)
        for (int o = 0; o < O; o++) {
            float squares = 0;
            for (int b = 0; b < trials; b++) {
                const float e = y[o * BLOCK + b] - target[(size_t)b * O + o];
                squares += e * e;
                y[o * BLOCK + b] = scale * e;
            }
            error += squares;
        }
    if (loss == LOGISTIC)
        for (int o = 0; o < O; o++)
            for (int b = 0; b < trials; b++) {
                const float wanted = target[(size_t)b * O + o], z = wanted < 0 ? -y[o * BLOCK + b] : y[o * BLOCK + b];
                const float e = expf(z < 0 ? z : -z); /* at most 1 */
                if (wanted != 0) error += fabsf(wanted) * (logf(1 + e) + (z < 0 ? -z : 0));
                y[o * BLOCK + b] = -scale * wanted * (z < 0 ? 1 : e) / (1 + e);
            }
    for (int b = 0; (loss == LOG || loss == LINEAR) && b < trials; b++) {
        const float *R wanted = target + (size_t)b * O;
        float most = y[b], weight = 0, all = 0, met = 0, said = 0;
        for (int o = 0; o < O; o++) weight += wanted[o], most = y[o * BLOCK + b] > most ? y[o * BLOCK + b] : most;
        for (int o = 0; o < O; o++) said += wanted[o] * (y[o * BLOCK + b] - most);
        for (int o = 0; o < O; o++) all += y[o * BLOCK + b] = expf(y[o * BLOCK + b] - most);
        for (int o = 0; o < O; o++) met += wanted[o] * (y[o * BLOCK + b] /= all);
        for (int o = 0; o < O; o++) {
            float *R p = y + o * BLOCK + b;
            *p = scale * (loss == LOG ? weight * *p - wanted[o] : *p * (met - wanted[o]));
        }
        error += loss == LOG ? weight * logf(all) - said : -met;
    }
    for (int o = 0; o < O; o++)
        for (int b = trials; b < BLOCK; b++) y[o * BLOCK + b] = 0;
    return error;
}

/* Sum of the scores of the block whose first trial is `first` of B. Without `keep` nothing else is wanted of it: two slots of the
 * arrays over time are used in turn. With `states` [B][n, or 2n] the trials start from them, and leave there where they end. */
INLINE double forward(const int cell, const int relu, const room *s, int keep, int loss, int B, int first, const float *x,
                      const float *target, const float *initial, float *states, float *outputs) {
    const int T = s->T, n = s->n, I = s->I, O = s->O, G = s->G, M = s->all.rows, K = s->K;
    const int trials = B - first < BLOCK ? B - first : BLOCK, S = cell == LSTM ? 2 * n : n;
    const float scale = loss == SQUARED ? 2.0f / ((float)T * B * O) : 1.0f / ((float)T * B);
    double error = 0;
    for (int j = 0; j < n; j++)
        for (int b = 0; b < BLOCK; b++) {
            const float *start = states ? states + (size_t)(first + (b < trials ? b : trials - 1)) * S : initial;
            s->seen[j * BLOCK + b] = start[j];
            if (cell == LSTM) s->c[j * BLOCK + b] = start[n + j];
        }
    for (int t = 0; t <= T; t++) {
        const size_t now = keep ? t : t & 1, next = keep ? t + 1 : !now;
        float *seen = s->seen + now * K * BLOCK, *a = s->a + now * M * BLOCK, *after = s->seen + next * K * BLOCK;
        float *gates = cell == VANILLA ? after : a; /* the vanilla cell's one gate is its state */
        for (int i = 0; i <= I; i++)
            for (int b = 0; b < BLOCK; b++) /* lanes without a trial repeat the last one, and their error counts as zero */
                seen[(n + i) * BLOCK + b] = i == I ? 1 : t == T ? 0 : x[((size_t)t * B + first + (b < trials ? b : trials - 1)) * I + i];
        if (t) {
            float *y = a + (size_t)G * n * BLOCK;
            product(O, BLOCK, K, s->all.P + (size_t)G * n * K, K, seen, BLOCK, y, BLOCK, 0);
            if (cell == LSTM && s->V > n) product(O, BLOCK, n, s->Q, n, s->c + now * n * BLOCK, BLOCK, y, BLOCK, 1);
            const size_t row = ((size_t)(t - 1) * B + first) * O;
            for (int o = 0; outputs && o < O; o++)
                for (int b = 0; b < trials; b++) outputs[row + (size_t)b * O + o] = y[o * BLOCK + b];
            if (target) error += score(loss, O, trials, scale, target + row, y);
        }
        if (t == T) {
            for (int b = 0; states && b < trials; b++)
                for (int j = 0; j < n; j++) {
                    states[(size_t)(first + b) * S + j] = seen[j * BLOCK + b];
                    if (cell == LSTM) states[(size_t)(first + b) * S + n + j] = s->c[(now * n + j) * BLOCK + b];
                }
            break;
        }
        float *reset = s->reset + now * K * BLOCK;
        for (int j = 0; j < n; j += ROWS) {
            const int units = n - j < ROWS ? n - j : ROWS;
            product(units * G, BLOCK, K, s->all.P + (size_t)j * G * K, K, seen, BLOCK, gates + (size_t)j * G * BLOCK, BLOCK, 0);
            for (int i = j; i < j + units; i++) {
                const float *R h = seen + i * BLOCK;
                float *R A = gates + (size_t)i * G * BLOCK, *R out = after + i * BLOCK;
                float *R A1 = A + BLOCK, *R A2 = A1 + BLOCK, *R A3 = A2 + BLOCK;
                if (cell == VANILLA) VECTORISED A[b] = phi(A[b], relu);
                if (cell == UGRNN) VECTORISED {
                        A[b] = sigma(A[b]), A1[b] = phi(A1[b], relu);
                        out[b] = A1[b] + A[b] * (h[b] - A1[b]);
                    }
                if (cell == GRU) {
                    float *R rh = reset + i * BLOCK;
                    VECTORISED {
                        A[b] = sigma(A[b]), A1[b] = sigma(A1[b]);
                        rh[b] = A1[b] * h[b];
                    }
                }
                if (cell == LSTM) {
                    const float *R old = s->c + (now * n + i) * BLOCK;
                    float *R new = s->c + (next * n + i) * BLOCK, *R shown = s->shown + (now * n + i) * BLOCK;
                    VECTORISED {
                        A[b] = sigma(A[b]), A1[b] = sigma(A1[b]), A2[b] = sigma(A2[b]), A3[b] = phi(A3[b], relu);
                        new[b] = A[b] * old[b] + A1[b] * A3[b];
                        shown[b] = phi(new[b], relu);
                        out[b] = A2[b] * shown[b];
                    }
                }
            }
        }
        if (cell == GRU) {
            float *C = s->c + now * n * BLOCK;
            memcpy(reset + (size_t)n * BLOCK, seen + (size_t)n * BLOCK, sizeof(float) * (I + 1) * BLOCK);
            for (int j = 0; j < n; j += ROWS) {
                const int units = n - j < ROWS ? n - j : ROWS;
                product(units, BLOCK, K, s->candidate.P + (size_t)j * K, K, reset, BLOCK, C + (size_t)j * BLOCK, BLOCK, 0);
                for (int i = j; i < j + units; i++) {
                    const float *R h = seen + i * BLOCK, *R u = a + (size_t)i * G * BLOCK;
                    float *R c = C + (size_t)i * BLOCK, *R out = after + i * BLOCK;
                    VECTORISED {
                        c[b] = phi(c[b], relu);
                        out[b] = c[b] + u[b] * (h[b] - c[b]);
                    }
                }
            }
        }
    }
    return error;
}

/* Gradients of a block, added to those in the room; that of the first state to `initial`; with `dx` [T][B][I], those of its inputs there */
INLINE void backward(const int cell, const int relu, const room *s, int B, int first, float *initial, float *dx) {
    const int T = s->T, n = s->n, O = s->O, G = s->G, M = s->all.rows, K = s->K;
    float *D = s->D, *dh = s->dh, *carry = s->carry;
    memset(carry, 0, sizeof(float) * n * BLOCK);
    for (int t = T; t >= 0; t--) {
        const float *seen = s->seen + (size_t)t * K * BLOCK, *a = s->a + (size_t)t * M * BLOCK;
        const float *gates = cell == VANILLA ? seen + (size_t)K * BLOCK : a;
        const float *C = s->c + (size_t)t * n * BLOCK, *reset = s->reset + (size_t)t * K * BLOCK;
        for (int i = 0; t < T && i < n; i++) {
            const float *R A = gates + (size_t)i * G * BLOCK, *R A1 = A + BLOCK, *R A2 = A1 + BLOCK, *R A3 = A2 + BLOCK;
            const float *R h = seen + i * BLOCK, *R c = C + (size_t)i * BLOCK;
            float *R d = D + (size_t)i * G * BLOCK, *R d1 = d + BLOCK, *R d2 = d1 + BLOCK, *R d3 = d2 + BLOCK;
            float *R e = dh + i * BLOCK, *R k = carry + i * BLOCK;
            if (cell == VANILLA) VECTORISED d[b] = e[b] * slope(A[b], relu);
            if (cell == UGRNN || cell == GRU) {
                const float *R candidate = cell == UGRNN ? A1 : c;
                float *R dc = cell == UGRNN ? d1 : s->Dc + (size_t)i * BLOCK;
                VECTORISED {
                    const float direct = e[b] * A[b];
                    d[b] = direct * (h[b] - candidate[b]) * (1 - A[b]);
                    dc[b] = (e[b] - direct) * slope(candidate[b], relu);
                    e[b] = direct;
                }
            }
            if (cell == LSTM) {
                const float *R shown = s->shown + ((size_t)t * n + i) * BLOCK;
                VECTORISED {
                    d2[b] = e[b] * shown[b] * A2[b] * (1 - A2[b]);
                    const float dc = k[b] + e[b] * A2[b] * slope(shown[b], relu), forget = dc * A[b];
                    d[b] = forget * c[b] * (1 - A[b]);
                    d1[b] = dc * A3[b] * A1[b] * (1 - A1[b]);
                    d3[b] = dc * A1[b] * slope(A3[b], relu);
                    k[b] = forget;
                }
            }
        }
        if (cell == GRU && t < T) {
            add_gradient(s, &s->candidate, 0, n, s->Dc, reset);
            for (int j = 0; j < n; j += ROWS) {
                const int units = n - j < ROWS ? n - j : ROWS;
                float of_reset[ROWS * BLOCK] __attribute__((aligned(64)));
                product(units, BLOCK, n, s->candidate.Pt + (size_t)j * n, n, s->Dc, BLOCK, of_reset, BLOCK, 0);
                for (int i = j; i < j + units; i++) {
                    const float *R h = seen + i * BLOCK, *R r = a + ((size_t)i * G + 1) * BLOCK, *R back = of_reset + (i - j) * BLOCK;
                    float *R dr = D + ((size_t)i * G + 1) * BLOCK, *R e = dh + i * BLOCK;
                    VECTORISED {
                        const float through = back[b] * r[b];
                        e[b] += through;
                        dr[b] = through * h[b] * (1 - r[b]);
                    }
                }
            }
        }
        memcpy(D + (size_t)G * n * BLOCK, a + (size_t)G * n * BLOCK, sizeof(float) * O * BLOCK);
        const int low = t < T ? 0 : G * n, high = t ? M : G * n; /* no gates behind the last step, no output before the first */
        const float *used = D + (size_t)low * BLOCK;
        product(n, BLOCK, high - low, s->all.Pt + low, M, used, BLOCK, dh, BLOCK, (cell == UGRNN || cell == GRU) && t < T);
        add_gradient(s, &s->all, low, high - low, used, seen);
        if (cell == LSTM && s->V > n && t) {
            const float *of_outputs = D + (size_t)G * n * BLOCK;
            product(n, BLOCK, O, s->Qt, O, of_outputs, BLOCK, carry, BLOCK, 1);
            transpose(n, C, s->turned, s->N);
            product(O, s->N, BLOCK, of_outputs, BLOCK, s->turned, s->N, s->dQ, s->N, 1);
        }
        if (dx && t < T) {
            const int trials = B - first < BLOCK ? B - first : BLOCK, I = s->I;
            product(I, BLOCK, G * n, s->all.At, M, D, BLOCK, s->dx, BLOCK, 0);
            if (cell == GRU) product(I, BLOCK, n, s->candidate.At, n, s->Dc, BLOCK, s->dx, BLOCK, 1);
            float *R to = dx + ((size_t)t * B + first) * I;
            for (int b = 0; b < trials; b++)
                for (int i = 0; i < I; i++) to[(size_t)b * I + i] = s->dx[i * BLOCK + b];
        }
    }
    for (int j = 0; j < n; j++) {
        initial[j] += total(dh + j * BLOCK, BLOCK);
        if (cell == LSTM) initial[n + j] += total(carry + j * BLOCK, BLOCK);
    }
}

/* ---- entries ---- */

/* Numbers too small for a whole mantissa count as zero while one of these is alive: each would take a hundred cycles. */
INLINE unsigned flush(void) {
#ifdef __SSE__
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}
INLINE void unflush(unsigned before) {
#ifdef __SSE__
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

size_t room_size(int cell, int T, int n, int I, int O, int V) { return lay_out(cell, T, n, I, O, V, NULL).size; }

/* Mean score of the network `p` on B trials, x[T][B][I] and target[T][B][O]; with `gradient`, its gradient as well; with `outputs`
 * [T][B][O], what it puts out; with `dx` [T][B][I], the gradient by x. Without a target, nothing is scored. */
double passes(int cell, int relu, int loss, int T, int B, int n, int I, int O, int V, float constant, float *base, const float *x,
              const float *target, float *states, float *outputs, const parameters *p, const parameters *gradient, float *dx) {
    const unsigned before = flush();
    const room s = lay_out(cell, T, n, I, O, V, base);
    const int gates = s.G + (cell == GRU);
    double error = 0;
    pack(&s, gates, constant, p);
    if (gradient) memset(gradient->initial_state, 0, sizeof(float) * n * (cell == LSTM ? 2 : 1));
#define BLOCKS(cell, relu)                                                                                                \
    for (int first = 0; first < B; first += BLOCK) {                                                                      \
        error += forward(cell, relu, &s, gradient != NULL, loss, B, first, x, target, p->initial_state, states, outputs); \
        if (gradient) backward(cell, relu, &s, B, first, gradient->initial_state, dx);                                    \
    }                                                                                                                     \
    break;
#define EACH(cell)                        \
    case 2 * cell: BLOCKS(cell, 0)        \
    case 2 * cell + 1: BLOCKS(cell, 1)
    switch (2 * cell + relu) { EACH(VANILLA) EACH(UGRNN) EACH(GRU) EACH(LSTM) } /* each compiled for itself */
    if (gradient) unpack(&s, gates, gradient);
    unflush(before);
    return error / ((double)T * B * (loss == SQUARED ? O : 1));
}

/* One step of each of K networks, one after the other: x[K][B][I], states [K][B][n, or 2n], outputs [K][B][O], p[K]. */
void advance(int cell, int relu, int K, int B, int n, int I, int O, int V, float constant, float *base, const float *x, float *states,
             float *outputs, const parameters *p) {
    const size_t S = cell == LSTM ? 2 * n : n;
    for (size_t k = 0; k < (size_t)K; k++)
        passes(cell, relu, SQUARED, 1, B, n, I, O, V, constant, base, x + k * B * I, NULL, states + k * B * S, outputs + k * B * O, p + k,
               NULL, NULL);
}

/* One step of Adam on the error plus l2 times the sum of squares where `penalised` is 1; the gradient, penalty included, is first
 * scaled to a norm of at most `clip`; one that is not finite is passed over. `rate` is the learning rate over 1 - beta1^step, `correction` is 1 / (1 - beta2^step). */
void adam(size_t size, float *R p, float *R g, float *R m, float *R v, const float *R penalised, float rate, float l2, float clip,
          float beta1, float beta2, float correction, float epsilon) {
    const unsigned before = flush();
    double squares = 0; /* squares of an exploding network's gradient overflow a float */
    for (size_t i = 0; i < size; i++) {
        g[i] += 2 * l2 * penalised[i] * p[i];
        squares += (double)g[i] * g[i];
    }
    const double norm = sqrt(squares);
    const float scale = norm > clip ? (float)(clip / norm) : 1;
    for (size_t i = 0, end = isfinite(norm) ? size : 0; i < end; i++) {
        const float e = scale * g[i];
        m[i] += (1 - beta1) * (e - m[i]);
        v[i] = beta2 * v[i] + (1 - beta2) * e * e;
        p[i] -= rate * m[i] / (sqrtf(v[i] * correction) + epsilon);
    }
    unflush(before);
}
