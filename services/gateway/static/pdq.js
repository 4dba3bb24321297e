// PDQ, the perceptual hash of pictures, in the browser: Meta's algorithm ("The TMK+PDQF Video-Hashing Algorithm and the
// PDQ Image-Hashing Algorithm", 2019, and its reference code), step by step. Runs as a worker: a picture goes in, hashes
// come out; nothing here can reach the network.
"use strict";

const SIDE = 64, HASH_SIDE = 16, PASSES = 2;
// As the crawler does it: of larger pictures the brightness is averaged first, which changes 2 to 8 bits of 256.
const MAX_HASHED = 4000000, REDUCED_SIDE = 1024;
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

function reduced(bright, width, height) {
  const factor = Math.floor(Math.max(width, height) / REDUCED_SIDE);
  if (width * height <= MAX_HASHED || factor < 2) return { bright, width, height };
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

function pdq(pixels, width, height) {
  const small = reduced(luma(pixels), width, height);
  const grid = small.width === SIDE && small.height === SIDE
    ? small.bright
    : decimated(smoothed(small.bright, small.width, small.height), small.width, small.height);
  return { hash: bits(transformed(grid)), quality: quality(grid) };
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
  return { pixels: canvas.getImageData(0, 0, width, height).data, width, height };
}

async function sha256(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

self.onmessage = async ({ data: file }) => {
  try {
    const { pixels, width, height } = await decoded(file);
    self.postMessage({ ...pdq(pixels, width, height), sha256: await sha256(file) });
  } catch (error) {
    self.postMessage({ problem: error instanceof RangeError ? error.message : "unreadable" });
  }
};
