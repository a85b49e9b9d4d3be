// Codes of the first word of a tape entry; src/kernels/impedance-tape.ts writes the same.

export const CODE_R: i32 = 0;
export const CODE_C: i32 = 1;
export const CODE_L: i32 = 2;
export const CODE_CPE: i32 = 3;
export const CODE_W: i32 = 4;
export const CODE_WO: i32 = 5;
export const CODE_WS: i32 = 6;
export const CODE_LA: i32 = 7;
export const CODE_WON: i32 = 8;
export const CODE_WSN: i32 = 9;
export const CODE_G: i32 = 10;
export const CODE_HN: i32 = 11;
export const CODE_ZARC: i32 = 12;
export const CODE_TLMB: i32 = 13;
export const CODE_TLMF: i32 = 14;
/** The first code that is not an element's. */
export const CODE_SERIES: i32 = 32;
