use super::*;

fn cell(width: usize, ellipsis: Ellipsis) -> Cell {
    Cell { width, right: false, ellipsis }
}

/// By the fast way and by the careful one, which must agree.
fn text(cell: Cell, bytes: &[u8]) -> String {
    let mut slow = Vec::new();
    cell.put_bytes(bytes, &mut slow);
    // With room to look on, and without.
    for more in [64, 0] {
        for nul in [true, false] {
            if nul && bytes.contains(&0) {
                continue;
            }
            let mut memory = bytes.to_vec();
            memory.resize(bytes.len() + usize::from(nul), 0);
            let size = memory.len();
            memory.resize(size + more, b'#');
            let limit = unsafe { memory.as_ptr().add(memory.len()) };
            let source = Source { from: memory.as_ptr(), size, stop_at_nul: nul, limit };
            let mut fast = Vec::with_capacity(cell.width + SLACK);
            match unsafe { cell.text(source, fast.as_mut_ptr()) } {
                Some(end) => unsafe { fast.set_len(end as usize - fast.as_ptr() as usize) },
                None => unsafe { cell.put_source(source, &mut fast) },
            }
            assert_eq!(String::from_utf8_lossy(&fast), String::from_utf8_lossy(&slow), "{cell:?} {bytes:?}");
        }
    }
    String::from_utf8(slow).expect("a cell is UTF-8")
}

fn cut(width: usize, ellipsis: Ellipsis, value: &str) -> String {
    text(cell(width, ellipsis), value.as_bytes())
}

fn safe(value: &[u8]) -> String {
    text(cell(40, Ellipsis::End), value).trim_end().to_string()
}

fn integer(width: usize, right: bool, value: i64) -> String {
    unsigned(width, right, value < 0, value.unsigned_abs()).unwrap()
}

fn unsigned(width: usize, right: bool, negative: bool, value: u64) -> Option<String> {
    let mut out = Vec::with_capacity(width + SLACK);
    let cell = Cell { width, right, ellipsis: Ellipsis::End };
    unsafe {
        let end = cell.integer(negative, value, out.as_mut_ptr())?;
        out.set_len(end as usize - out.as_ptr() as usize);
    }
    String::from_utf8(out).ok()
}

#[test]
fn pads_to_the_width() {
    assert_eq!(cut(5, Ellipsis::End, "abc"), "abc  ");
    assert_eq!(text(Cell { width: 5, right: true, ellipsis: Ellipsis::End }, b"abc"), "  abc");
    assert_eq!(cut(5, Ellipsis::End, ""), "     ");
    assert_eq!(cut(3, Ellipsis::End, "abc"), "abc");
}

#[test]
fn cuts_where_the_ellipsis_says() {
    let value = "abcdefghij";
    assert_eq!(cut(5, Ellipsis::None, value), "abcde");
    assert_eq!(cut(5, Ellipsis::End, value), "abcd…");
    assert_eq!(cut(5, Ellipsis::Start, value), "…ghij");
    assert_eq!(cut(5, Ellipsis::Middle, value), "ab…ij");
    assert_eq!(cut(4, Ellipsis::Middle, value), "ab…j");
    for ellipsis in [Ellipsis::End, Ellipsis::Start, Ellipsis::Middle] {
        assert_eq!(cut(1, ellipsis, value), "…");
        assert_eq!(cut(10, ellipsis, value), value);
    }
    assert_eq!(cut(1, Ellipsis::None, value), "a");
}

#[test]
fn nothing_reaches_the_terminal_raw() {
    assert_eq!(safe(b"\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
    assert_eq!(safe(b"a\nb\tc\r\x07"), "a\\nb\\tc\\r\\a");
    assert_eq!(safe(b"say \"hi\" \\o/"), "say \\\"hi\\\" \\\\o/");
    assert_eq!(safe(b"\xff\xc3(\xe2\x82"), "\\xff\\xc3(\\xe2\\x82");
    assert_eq!(safe("\u{9b}31m\u{202e}txt\u{200b}".as_bytes()), "\\u009b31m\\u202etxt\\u200b");
    assert_eq!(safe(b"a\x7fb\0c"), "a\\x7fb\\x00c");
    assert_eq!(safe("\u{fffd}".as_bytes()), "\u{fffd}");
}

#[test]
fn arguments_are_parted_by_spaces() {
    assert_eq!(safe("sh\u{a0}-c\u{a0}date".as_bytes()), "sh -c date");
}

#[test]
fn counts_cells_and_not_bytes() {
    assert_eq!(cut(6, Ellipsis::End, "日本語"), "日本語");
    assert_eq!(cut(7, Ellipsis::End, "日本語"), "日本語 ");
    assert_eq!(cut(5, Ellipsis::End, "日本語"), "日本…");
    assert_eq!(cut(4, Ellipsis::End, "日本語"), "日… ");
    assert_eq!(cut(5, Ellipsis::Start, "日本語"), "…本語");
    assert_eq!(cut(5, Ellipsis::Middle, "日本語です"), "日…す");
    assert_eq!(cut(3, Ellipsis::None, "日本語"), "日 ");
    assert_eq!(cut(5, Ellipsis::End, "größe"), "größe");
    // e and a combining accent are one cell.
    assert_eq!(cut(3, Ellipsis::End, "e\u{301}a"), "e\u{301}a ");
    assert_eq!(cut(2, Ellipsis::Start, "abe\u{301}"), "…e\u{301}");
}

#[test]
fn marks_do_not_pile_up() {
    let zalgo = format!("a{}", "\u{301}".repeat(1000));
    let shown = cut(16, Ellipsis::End, &zalgo);
    assert_eq!(shown, "a\u{301}\u{301}\u{301}\\u0301\\u0301\\u…");
}

#[test]
fn integers() {
    assert_eq!(integer(7, true, 1234), "   1234");
    assert_eq!(integer(7, false, -12), "-12    ");
    assert_eq!(integer(3, true, 0), "  0");
    assert_eq!(unsigned(3, true, false, 1234), None);
    assert_eq!(integer(3, true, -12), "-12");
    for value in (0..63).map(|bit| 1i64 << bit).chain([i64::MAX, i64::MIN, 99, 100, 101, 9999, 10000]) {
        for value in [value, value.wrapping_sub(1), value.wrapping_neg()] {
            assert_eq!(integer(20, true, value), format!("{value:>20}"));
            assert_eq!(integer(20, false, value), format!("{value:<20}"));
        }
    }
    assert_eq!(unsigned(20, true, false, u64::MAX).unwrap(), u64::MAX.to_string());
}

/// All widths, ellipses and alignments on random mixtures: always UTF-8, never a control character, never too wide.
#[test]
fn random_values_fit() {
    let pieces: [&[u8]; 12] = [
        b"a",
        b"bcd",
        b"0123456789abcdef",
        b"\x1b[2J",
        b"\n",
        b"\"",
        b"\xff",
        b"\xe6\x97",
        "語".as_bytes(),
        "e\u{301}".as_bytes(),
        "\u{202e}".as_bytes(),
        b"\0",
    ];
    let mut state = 88172645463325252u64;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % most
    };
    for _ in 0..5_000 {
        let value: Vec<u8> = (0..below(8)).flat_map(|_| pieces[below(12)].to_vec()).collect();
        let ellipsis = [Ellipsis::End, Ellipsis::Start, Ellipsis::Middle, Ellipsis::None][below(4)];
        let cell = Cell { width: 1 + below(40), right: below(2) == 1, ellipsis };
        let shown = text(cell, &value);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert_eq!(shown.chars().map(cells_of).sum::<usize>(), cell.width, "{cell:?} {value:?} {shown:?}");
    }
}
