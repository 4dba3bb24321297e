// PDQ, the perceptual hash of pictures, in the browser: Meta's algorithm ("The TMK+PDQF Video-Hashing Algorithm and the
// PDQ Image-Hashing Algorithm", 2019, and its reference code), step by step; of the picture and of its variants, as the
// classifier stores them (its `hashes/alterations.py`). Runs as a worker: a picture goes in, hashes come out; nothing
// here can reach the network. A picture is { bright, width, height }, brightness row by row.
"use strict";

const SIDE = 64, HASH_SIDE = 16, PASSES = 2;
// As the crawler does it: of larger pictures the brightness is averaged first, which changes 2 to 8 bits of 256.
const MAX_HASHED = 4000000, REDUCED_SIDE = 1024;
const SOURCE_PIXELS = 1000000; // variants are cut from a copy of at most so many
const MAX_PIXELS = 50000000, MIN_SIDE = 5;
const QUALITY_STEP = 90;

const COSINES = Array.from({ length: HASH_SIDE }, (_, i) =>
  Float64Array.from({ length: SIDE }, (_, j) =>
    Math.sqrt(2 / SIDE) * Math.cos((Math.PI / 2 / SIDE) * (i + 1) * (2 * j + 1))));

function luma(pixels) {
  const bright = new Float32Array(pixels.length / 4);
  for (let i = 0, p = 0; i < bright.length; i++, p += 4)
    bright[i] = 0.299 * pixels[p] + 0.587 * pixels[p + 1] + 0.114 * pixels[p + 2];
  return bright;
}

function reduced(picture) {
  const { width, height } = picture;
  return width * height > MAX_HASHED ? averaged(picture, Math.floor(Math.max(width, height) / REDUCED_SIDE)) : picture;
}

function averaged(picture, factor) {
  if (factor < 2) return picture;
  const { bright, width, height } = picture;
  const columns = Math.ceil(width / factor), rows = Math.ceil(height / factor);
  const small = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const bottom = Math.min((row + 1) * factor, height), right = Math.min((column + 1) * factor, width);
      let sum = 0;
      for (let y = row * factor; y < bottom; y++)
        for (let x = column * factor; x < right; x++) sum += bright[y * width + x];
      small[row * columns + column] = sum / ((bottom - row * factor) * (right - column * factor));
    }
  return { bright: small, width: columns, height: rows };
}

// A moving average along one line, narrower at its ends.
function box(from, to, start, length, stride, window) {
  const half = Math.floor((window + 2) / 2);
  let left = start, right = start, out = start, sum = 0, inside = 0;
  const write = () => { to[out] = sum / inside; out += stride; };
  const enter = () => { sum += from[right]; right += stride; };
  const leave = () => { sum -= from[left]; left += stride; };
  for (let i = 0; i < half - 1; i++) { enter(); inside++; }
  for (let i = 0; i < window - half + 1; i++) { enter(); inside++; write(); }
  for (let i = 0; i < length - window; i++) { enter(); leave(); write(); }
  for (let i = 0; i < half - 1; i++) { leave(); inside--; write(); }
}

const windowOf = (length) => Math.floor((length + 2 * SIDE - 1) / (2 * SIDE));

function smoothed(bright, width, height) {
  const other = new Float32Array(bright.length), along = windowOf(width), across = windowOf(height);
  for (let pass = 0; pass < PASSES; pass++) {
    for (let row = 0; row < height; row++) box(bright, other, row * width, width, 1, along);
    for (let column = 0; column < width; column++) box(other, bright, column, height, width, across);
  }
  return bright;
}

function decimated(bright, width, height) {
  const small = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < SIDE; i++) {
    const row = Math.floor(((i + 0.5) * height) / SIDE);
    for (let j = 0; j < SIDE; j++) small[i * SIDE + j] = bright[row * width + Math.floor(((j + 0.5) * width) / SIDE)];
  }
  return small;
}

function quality(small) {
  let sum = 0;
  const step = (one, other) => { sum += Math.abs(Math.trunc(((one - other) * 100) / 255)); };
  for (let i = 0; i < SIDE - 1; i++) for (let j = 0; j < SIDE; j++) step(small[i * SIDE + j], small[(i + 1) * SIDE + j]);
  for (let i = 0; i < SIDE; i++) for (let j = 0; j < SIDE - 1; j++) step(small[i * SIDE + j], small[i * SIDE + j + 1]);
  return Math.min(100, Math.floor(sum / QUALITY_STEP));
}

function transformed(small) {
  const half = COSINES.map((wave) => Float64Array.from({ length: SIDE }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < SIDE; k++) sum += wave[k] * small[k * SIDE + j];
    return sum;
  }));
  return Float64Array.from({ length: HASH_SIDE * HASH_SIDE }, (_, place) => {
    const row = half[Math.floor(place / HASH_SIDE)], wave = COSINES[place % HASH_SIDE];
    let sum = 0;
    for (let k = 0; k < SIDE; k++) sum += row[k] * wave[k];
    return sum;
  });
}

// The lower median, as the reference code takes it; the first bit written is the last coefficient's.
function bits(waves) {
  const median = Float64Array.from(waves).sort()[waves.length / 2 - 1];
  let hex = "";
  for (let place = waves.length - 1; place > 0; place -= 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) digit = digit * 2 + (waves[place - bit] > median ? 1 : 0);
    hex += digit.toString(16);
  }
  return hex;
}

function pdq({ bright, width, height }) {
  const grid = width === SIDE && height === SIDE
    ? bright
    : decimated(smoothed(bright.slice(), width, height), width, height);
  return { hash: bits(transformed(grid)), quality: quality(grid) };
}

// `cut`: shares of width and height that go at the left, top, right, bottom.
function cropped({ bright, width, height }, [left, top, right, bottom]) {
  const first = Math.round(width * left), above = Math.round(height * top);
  const columns = width - Math.round(width * right) - first, rows = height - Math.round(height * bottom) - above;
  const part = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const start = (above + row) * width + first;
    part.set(bright.subarray(start, start + columns), row * columns);
  }
  return { bright: part, width: columns, height: rows };
}

// Against the clock, in a frame of the same size; the corners that become free have the brightness `corners`.
function turned({ bright, width, height }, degrees, corners) {
  const sine = Math.sin((degrees * Math.PI) / 180), cosine = Math.cos((degrees * Math.PI) / 180);
  const result = new Float32Array(bright.length).fill(corners);
  const right = width - 1, bottom = height - 1;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const x = cosine * (column - right / 2) - sine * (row - bottom / 2) + right / 2;
      const y = sine * (column - right / 2) + cosine * (row - bottom / 2) + bottom / 2;
      if (x < 0 || y < 0 || x > right || y > bottom) continue;
      const left = Math.min(Math.floor(x), right - 1), top = Math.min(Math.floor(y), bottom - 1);
      const start = top * width + left, across = x - left, down = y - top;
      result[row * width + column] =
        (bright[start] * (1 - across) + bright[start + 1] * across) * (1 - down) +
        (bright[start + width] * (1 - across) + bright[start + width + 1] * across) * down;
    }
  return { bright: result, width, height };
}

// The largest part of the same shape that a turn leaves without free corners.
function withoutCorners({ width, height }, degrees) {
  const sine = Math.abs(Math.sin((degrees * Math.PI) / 180)), cosine = Math.cos((degrees * Math.PI) / 180);
  const kept = Math.min(width / (width * cosine + height * sine), height / (width * sine + height * cosine));
  return Array(4).fill((1 - kept) / 2);
}

function altered(picture, { cut, degrees, corners }) {
  if (cut) return cropped(picture, cut);
  const whole = turned(picture, degrees, corners ?? 0);
  return corners === null ? cropped(whole, withoutCorners(picture, degrees)) : whole;
}

const complement = (hash) => Array.from(hash, (digit) => (15 - parseInt(digit, 16)).toString(16)).join("");

// The hashes of the variants that are rich enough to be told from others, by name.
function variants(picture, hash, { alterations, least }) {
  const source = averaged(picture, Math.ceil(Math.sqrt((picture.width * picture.height) / SOURCE_PIXELS)));
  const found = { inverted: complement(hash) };
  for (const [name, alteration] of Object.entries(alterations)) {
    const variant = pdq(altered(source, alteration));
    if (variant.quality >= least) found[name] = variant.hash;
  }
  return found;
}

async function decoded(file) {
  const raw = { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "none" };
  const image = await createImageBitmap(file, raw);
  const { width, height } = image;
  if (Math.min(width, height) < MIN_SIDE) throw new RangeError("too-small");
  if (width * height > MAX_PIXELS) throw new RangeError("too-large");
  const canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  canvas.drawImage(image, 0, 0);
  image.close();
  return { bright: luma(canvas.getImageData(0, 0, width, height).data), width, height };
}

async function sha256(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

self.onmessage = async ({ data: { file, ...wanted } }) => {
  try {
    const picture = await decoded(file), found = pdq(reduced(picture)), flat = found.quality < wanted.least;
    const more = flat ? {} : variants(picture, found.hash, wanted);
    self.postMessage({ ...found, variants: more, sha256: await sha256(file) });
  } catch (error) {
    self.postMessage({ problem: error instanceof RangeError ? error.message : "unreadable" });
  }
};
