//! As much of msgpack as recordings use.

/// A value. What is not there reads as zero or empty.
#[derive(Debug)]
pub(crate) enum Value {
    Nil,
    Int(i128),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

static NIL: Value = Value::Nil;

impl Value {
    pub fn get(&self, key: &str) -> &Value {
        self.entries().iter().find(|(name, _)| name == key).map_or(&NIL, |(_, value)| value)
    }
    pub fn has(&self, key: &str) -> bool {
        self.entries().iter().any(|(name, _)| name == key)
    }
    pub fn int(&self) -> i128 {
        if let Value::Int(value) = self {
            *value
        } else {
            0
        }
    }
    pub fn text(&self) -> &str {
        if let Value::Text(text) = self {
            text
        } else {
            ""
        }
    }
    pub fn bytes(&self) -> &[u8] {
        if let Value::Bytes(bytes) = self {
            bytes
        } else {
            &[]
        }
    }
    pub fn list(&self) -> &[Value] {
        if let Value::List(list) = self {
            list
        } else {
            &[]
        }
    }
    pub fn entries(&self) -> &[(String, Value)] {
        if let Value::Map(entries) = self {
            entries
        } else {
            &[]
        }
    }
}

/// The one value that `bytes` are; None when they are none, or more.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader(bytes);
    let value = reader.value()?;
    reader.0.is_empty().then_some(value)
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, size: usize) -> Option<&'b [u8]> {
        let (head, rest) = (self.0.get(..size)?, self.0.get(size..)?);
        self.0 = rest;
        Some(head)
    }

    /// Big-endian.
    fn uint(&mut self, size: usize) -> Option<u64> {
        Some(self.take(size)?.iter().fold(0, |value, byte| value << 8 | *byte as u64))
    }

    fn signed(&mut self, size: usize) -> Option<Value> {
        let shift = 64 - 8 * size as u32;
        Some(Value::Int(((self.uint(size)? << shift) as i64 >> shift) as i128))
    }

    fn text(&mut self, size: usize) -> Option<Value> {
        Some(Value::Text(String::from_utf8(self.take(size)?.to_vec()).ok()?))
    }

    fn list(&mut self, count: usize) -> Option<Value> {
        (0..count).map(|_| self.value()).collect::<Option<_>>().map(Value::List)
    }

    fn map(&mut self, count: usize) -> Option<Value> {
        let entry = |reader: &mut Self| match reader.value()? {
            Value::Text(key) => Some((key, reader.value()?)),
            _ => None,
        };
        (0..count).map(|_| entry(self)).collect::<Option<_>>().map(Value::Map)
    }

    fn size(&mut self, bytes: usize) -> Option<usize> {
        self.uint(bytes).map(|size| size as usize)
    }

    fn value(&mut self) -> Option<Value> {
        let tag = self.take(1)?[0];
        match tag {
            0x00..=0x7f => Some(Value::Int(tag as i128)),
            0x80..=0x8f => self.map(tag as usize & 15),
            0x90..=0x9f => self.list(tag as usize & 15),
            0xa0..=0xbf => self.text(tag as usize & 31),
            0xc2 | 0xc3 => Some(Value::Int((tag & 1) as i128)),
            0xc4..=0xc6 => {
                let size = self.size(1 << (tag - 0xc4))?;
                Some(Value::Bytes(self.take(size)?.to_vec()))
            }
            // Floats stand for whole numbers here, if they come at all.
            0xca => Some(Value::Int(f32::from_bits(self.uint(4)? as u32) as i128)),
            0xcb => Some(Value::Int(f64::from_bits(self.uint(8)?) as i128)),
            0xcc..=0xcf => Some(Value::Int(self.uint(1 << (tag - 0xcc))? as i128)),
            0xd0..=0xd3 => self.signed(1 << (tag - 0xd0)),
            0xd4..=0xd8 => self.take(1 + (1 << (tag - 0xd4))).map(|_| Value::Nil),
            0xd9..=0xdb => {
                let size = self.size(1 << (tag - 0xd9))?;
                self.text(size)
            }
            0xdc | 0xdd => {
                let count = self.size(2 << (tag - 0xdc))?;
                self.list(count)
            }
            0xde | 0xdf => {
                let count = self.size(2 << (tag - 0xde))?;
                self.map(count)
            }
            0xe0..=0xff => Some(Value::Int((tag as i8) as i128)),
            _ => Some(Value::Nil),
        }
    }
}
