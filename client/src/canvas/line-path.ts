// Pure: lines as SVG paths with rounded corners.

import type { Point } from './layout.ts';

/** Radius of a line's corners. */
const RADIUS = 10;

/** A line as an SVG path with rounded corners. */
export function linePath(points: readonly Point[]): string {
  const corners = points.filter(
    (point, index) => index === 0 || point.x !== points[index - 1]?.x || point.y !== points[index - 1]?.y,
  );
  const [first, ...rest] = corners;
  if (first === undefined) return '';
  let path = `M${first.x},${first.y}`;
  for (const [index, point] of rest.entries()) {
    const before = corners[index] ?? point;
    const after = rest[index + 1];
    if (after === undefined) {
      path += `L${point.x},${point.y}`;
      continue;
    }
    const radius = Math.min(RADIUS, distance(before, point) / 2, distance(point, after) / 2);
    const start = towards(point, before, radius);
    const end = towards(point, after, radius);
    path += `L${start.x},${start.y}Q${point.x},${point.y} ${end.x},${end.y}`;
  }
  return path;
}

function distance(a: Point, b: Point): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

function towards(from: Point, to: Point, length: number): Point {
  return { x: from.x + Math.sign(to.x - from.x) * length, y: from.y + Math.sign(to.y - from.y) * length };
}
