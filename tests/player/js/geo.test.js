import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  WORLD,
  arcCurve,
  hash01,
  homeView,
  latOf,
  lonOf,
  mercX,
  mercY,
  screenX,
  screenY,
  shortWay,
  viewAround,
  worldCopies,
} from '../../../attackviz/player/src/geo.js';
import { keepOnMap, zoomView } from '../../../attackviz/player/src/basemap.js';
import { parseAddress, parseCidr } from '../../../attackviz/player/src/filters.js';
import { MAP } from '../../../attackviz/player/src/mapstyle.js';

const near = (a, b, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

test('Web Mercator there and back', () => {
  for (const [lon, lat] of [
    [0, 0],
    [-180, 78],
    [179.9, -58],
    [11, 45],
  ]) {
    near(lonOf(mercX(lon)), lon, 1e-9);
    near(latOf(mercY(lat)), lat, 1e-9);
  }
  near(mercX(180), 20037508.342789244);
  near(mercY(45), 5621521.486192066);
});

test('the short way crosses the antimeridian when that is shorter', () => {
  near(shortWay(mercX(175), mercX(-175)), mercX(10));
  near(shortWay(mercX(-175), mercX(175)), -mercX(10));
  near(shortWay(mercX(-60), mercX(60)), mercX(120));
  assert.equal(shortWay(5, 5), 0);
  assert.ok(Math.abs(shortWay(mercX(-90), mercX(90))) <= WORLD / 2);
});

test('an arc is raised toward the top, at most by a share of the height, and not at all between equal ends', () => {
  const flat = arcCurve(0, 100, 200, 100, 0, 1000, MAP);
  near(flat.cx, 100);
  near(flat.cy, 100 - 0.32 * 200);
  near(arcCurve(200, 100, 0, 100, 0, 1000, MAP).cy, flat.cy);
  near(arcCurve(0, 100, 200, 100, 1, 1000, MAP).cy, 100 - 0.38 * 200);
  near(arcCurve(0, 100, 200, 100, 1, 100, MAP).cy, 100 - 0.3 * 100);
  assert.deepEqual(arcCurve(7, 8, 7, 8, 1, 100, MAP), { chord: 0, cx: 7, cy: 8 });
});

test('the whole world fills its cell and is never letterboxed', () => {
  for (const [w, h] of [
    [1080, 570],
    [390, 232],
    [1920, 1080],
    [300, 900],
    [2000, 200],
  ]) {
    const v = homeView(w, h);
    near((v.x1 - v.x0) / w, (v.y1 - v.y0) / h, 1e-6);
    assert.ok(v.x1 - v.x0 <= WORLD + 1e-6 && v.y1 <= mercY(78) + 1 && v.y0 >= mercY(-58) - 1);
    near(lonOf((v.x0 + v.x1) / 2), 11, 1e-9);
  }
});

test('world copies are those that can be seen', () => {
  const v = homeView(1000, 400),
    x = screenX(v, mercX(-175)),
    world = 1000;
  assert.deepEqual(worldCopies(v, x, x), [1, 1]);
  assert.deepEqual(worldCopies(v, 500, 500), [0, 0]);
  assert.deepEqual(worldCopies(viewAround(0, 0, WORLD / 400, 1000, 400), 500, 500), [-1, 1]);
  assert.ok(x + world > 0 && x + world < 1000);
});

test('zooming keeps the point under the pointer, and no zoom leaves the map', () => {
  const home = homeView(1000, 500),
    near4 = zoomView(home, 4, 300, 200);
  near(screenX(near4, home.x0 + 0.3 * (home.x1 - home.x0)), 300, 1e-6);
  near(screenY(near4, home.y1 - 0.4 * (home.y1 - home.y0)), 200, 1e-6);
  const back = zoomView(near4, 0.001);
  near(back.x1 - back.x0, home.x1 - home.x0, 1);
  const far = keepOnMap(viewAround(mercX(500), mercY(89), 5000, 1000, 500));
  assert.ok(far.y1 <= mercY(84) + 1);
  assert.ok(Math.abs((far.x0 + far.x1) / 2 - mercX(11)) <= WORLD / 2 + 1);
});

test('hashes are stable and even', () => {
  assert.equal(hash01(42), hash01(42));
  let sum = 0;
  for (let k = 0; k < 10000; k++) {
    const h = hash01(k);
    assert.ok(h >= 0 && h < 1);
    sum += h;
  }
  near(sum / 10000, 0.5, 0.02);
});

test('addresses and networks are parsed as what they are', () => {
  assert.deepEqual([...parseAddress('192.0.2.1')], [192, 0, 2, 1]);
  assert.deepEqual([...parseAddress('2001:db8::1').slice(0, 4)], [32, 1, 13, 184]);
  assert.deepEqual([...parseAddress('::ffff:192.0.2.1').slice(10)], [255, 255, 192, 0, 2, 1]);
  for (const bad of ['', null, '1.2.3', '1.2.3.256', '1::2::3', 'g::1', '1:2:3:4:5:6:7:8:9', 'a.b.c.d', ':::'])
    assert.equal(parseAddress(bad), null, String(bad));
  assert.equal(parseCidr('192.0.2.1').bits, 32);
  for (const bad of ['192.0.2.0/33', '::/129', 'x/8', '1.2.3.4/8/8', '1.2.3.4/'])
    assert.throws(() => parseCidr(bad), RangeError, bad);
});

test('the outlines are whole km near the world, and small enough for every page', () => {
  const file = new URL('../../../attackviz/player/basemap.json', import.meta.url),
    map = JSON.parse(readFileSync(file, 'utf8'));
  assert.ok(readFileSync(file).length < 180e3);
  assert.ok(map.land.length > 300 && map.borders.length > 200);
  for (const line of [...map.land, ...map.lakes, ...map.borders]) {
    assert.ok(line.length >= 4 && line.length % 2 === 0);
    for (let k = 0; k < line.length; k += 2) {
      assert.ok(
        Number.isInteger(line[k]) &&
          Number.isInteger(line[k + 1]) &&
          Math.abs(line[k]) < 22000 &&
          Math.abs(line[k + 1]) < 20040,
      );
      if (k) assert.ok(Math.abs(line[k] - line[k - 2]) < 12000, 'no bar across the map');
    }
  }
});
