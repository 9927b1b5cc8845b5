// Gray values of a part of a square image on a finer grid.

const A = -0.5; // Keys' bicubic kernel: exact for straight lines and parabolas

function weight(distance) {
  const d = Math.abs(distance);
  if (d <= 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  if (d < 2) return A * (((d - 5) * d + 8) * d - 4);
  return 0;
}

// Four places and weights for each of `count` positions from `start` on, `span` source pixels in all; the edge repeats.
function taps(side, start, span, count) {
  const places = new Int32Array(4 * count);
  const weights = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const at = start + ((i + 0.5) * span) / count - 0.5;
    const first = Math.floor(at) - 1;
    for (let k = 0; k < 4; k++) {
      places[4 * i + k] = Math.min(Math.max(first + k, 0), side - 1);
      weights[4 * i + k] = weight(at - first - k);
    }
  }
  return { places, weights };
}

// `pixels`: side x side, row by row; `part`: left, top and span in source pixels; returns count x count, row by row.
export function bicubic(pixels, side, part, count) {
  const across = taps(side, part.left, part.span, count);
  const down = taps(side, part.top, part.span, count);
  const rows = new Float32Array(side * count);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < count; x++) {
      let sum = 0;
      for (let k = 4 * x; k < 4 * x + 4; k++) sum += across.weights[k] * pixels[y * side + across.places[k]];
      rows[y * count + x] = sum;
    }
  }
  const values = new Float32Array(count * count);
  for (let y = 0; y < count; y++) {
    const [a, b, c, d] = down.places.subarray(4 * y).map((place) => place * count);
    const [p, q, r, s] = down.weights.subarray(4 * y);
    for (let x = 0; x < count; x++) {
      values[y * count + x] = p * rows[a + x] + q * rows[b + x] + r * rows[c + x] + s * rows[d + x];
    }
  }
  return values;
}

export function nearest(pixels, side, part, count) {
  const at = (start, i) => Math.min(Math.max(Math.floor(start + ((i + 0.5) * part.span) / count), 0), side - 1);
  const columns = Array.from({ length: count }, (_, x) => at(part.left, x));
  const values = new Float32Array(count * count);
  for (let y = 0; y < count; y++) {
    const row = at(part.top, y) * side;
    for (let x = 0; x < count; x++) values[y * count + x] = pixels[row + columns[x]];
  }
  return values;
}
