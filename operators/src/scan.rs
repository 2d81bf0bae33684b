//! Text, 16 bytes at a time.

/// Copies 16 bytes; a bit for each that cannot stay as it is: control characters, `"`, `\`, all above ASCII, and DEL if `DEL`.
///
/// # Safety
/// `from` must be valid for reads of 16 bytes, `to` for writes.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
pub unsafe fn copy16<const DEL: bool>(from: *const u8, to: *mut u8) -> u32 {
    use core::arch::wasm32::*;
    let bytes = v128_load(from.cast());
    v128_store(to.cast(), bytes);
    // Below 0x20 or above 0x7f, as signed: less than 0x20.
    let mut odd = i8x16_lt(bytes, i8x16_splat(0x20));
    if DEL {
        odd = v128_or(odd, i8x16_eq(bytes, i8x16_splat(0x7f)));
    }
    let odd = v128_or(odd, i8x16_eq(bytes, i8x16_splat(b'"' as i8)));
    i8x16_bitmask(v128_or(odd, i8x16_eq(bytes, i8x16_splat(b'\\' as i8)))) as u32
}

/// # Safety
/// As above.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
pub unsafe fn copy16<const DEL: bool>(from: *const u8, to: *mut u8) -> u32 {
    let bytes = from.cast::<[u8; 16]>().read_unaligned();
    to.cast::<[u8; 16]>().write_unaligned(bytes);
    let odd = |byte: u8| byte < 0x20 || byte > 0x7f || DEL && byte == 0x7f || byte == b'"' || byte == b'\\';
    bytes.iter().enumerate().fold(0, |mask, (i, byte)| mask | u32::from(odd(*byte)) << i)
}

/// Copies 32 bytes. An array of words would become four loads and stores.
///
/// # Safety
/// `from` must be valid for reads of 32 bytes, `to` for writes.
#[inline(always)]
pub unsafe fn copy32(from: *const u8, to: *mut u8) {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        use core::arch::wasm32::*;
        let (low, high) = (v128_load(from.cast()), v128_load(from.add(16).cast()));
        v128_store(to.cast(), low);
        v128_store(to.add(16).cast(), high);
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    to.cast::<[u64; 4]>().write_unaligned(from.cast::<[u64; 4]>().read_unaligned());
}
