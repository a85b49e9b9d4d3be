// Normal equations of the shift between two boxes, from the slopes of their mean: by this symmetry
// the noise of neither box pulls the shift (Benhimane and Malis 2004, second order). The products
// of the slopes of one box with those of the other hold no noise power: their noise differs.
import * as m from './memory';

/** Sums of one box: `equations` in src/kernels/registration-kernel.ts names them. */
export function sumEquations(columns: i32, rows: i32, slices: i32): void {
  let xx: f64 = 0;
  let yy: f64 = 0;
  let zz: f64 = 0;
  let xy: f64 = 0;
  let xz: f64 = 0;
  let yz: f64 = 0;
  let cxx: f64 = 0;
  let cyy: f64 = 0;
  let czz: f64 = 0;
  let cxy: f64 = 0;
  let cxz: f64 = 0;
  let cyz: f64 = 0;
  let xr: f64 = 0;
  let yr: f64 = 0;
  let zr: f64 = 0;
  let x1: f64 = 0;
  let y1: f64 = 0;
  let z1: f64 = 0;
  let r1: f64 = 0;
  let rr: f64 = 0;
  let p1: f64 = 0;
  let q1: f64 = 0;
  let pp: f64 = 0;
  let qq: f64 = 0;
  let pq: f64 = 0;
  const row: usize = (<usize>columns) << 2;
  const slice: usize = row * <usize>rows;
  const across: usize = m.SECOND - m.FIRST;
  for (let k = 1; k < slices - 1; k++) {
    for (let j = 1; j < rows - 1; j++) {
      let at = m.FIRST + <usize>k * slice + <usize>j * row + 4;
      const end = at + (<usize>(columns - 2) << 2);
      for (; at < end; at += 4) {
        const px = <f64>slope(at, 4);
        const py = <f64>slope(at, row);
        const pz = <f64>slope(at, slice);
        const qx = <f64>slope(at + across, 4);
        const qy = <f64>slope(at + across, row);
        const qz = <f64>slope(at + across, slice);
        const gx = 0.5 * (px + qx);
        const gy = 0.5 * (py + qy);
        const gz = 0.5 * (pz + qz);
        cxx += px * qx;
        cyy += py * qy;
        czz += pz * qz;
        cxy += 0.5 * (px * qy + py * qx);
        cxz += 0.5 * (px * qz + pz * qx);
        cyz += 0.5 * (py * qz + pz * qy);
        const p = <f64>load<f32>(at);
        const q = <f64>load<f32>(at + across);
        const r = q - p;
        xx += gx * gx;
        yy += gy * gy;
        zz += gz * gz;
        xy += gx * gy;
        xz += gx * gz;
        yz += gy * gz;
        xr += gx * r;
        yr += gy * r;
        zr += gz * r;
        x1 += gx;
        y1 += gy;
        z1 += gz;
        r1 += r;
        rr += r * r;
        p1 += p;
        q1 += q;
        pp += p * p;
        qq += q * q;
        pq += p * q;
      }
    }
  }
  put(0, xx);
  put(1, yy);
  put(2, zz);
  put(3, xy);
  put(4, xz);
  put(5, yz);
  put(6, xr);
  put(7, yr);
  put(8, zr);
  put(9, x1);
  put(10, y1);
  put(11, z1);
  put(12, r1);
  put(13, rr);
  put(14, p1);
  put(15, q1);
  put(16, pp);
  put(17, qq);
  put(18, pq);
  put(19, cxx);
  put(20, cyy);
  put(21, czz);
  put(22, cxy);
  put(23, cxz);
  put(24, cyz);
}

/** Slope by central difference. */
// @ts-ignore: decorator
@inline
function slope(at: usize, step: usize): f32 {
  return <f32>0.5 * (load<f32>(at + step) - load<f32>(at - step));
}

// @ts-ignore: decorator
@inline
function put(index: i32, value: f64): void {
  store<f64>(m.SUMS + ((<usize>index) << 3), value);
}
