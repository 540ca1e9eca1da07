/* Raw DEFLATE with the fixed codes and one look back per position: small and fast, not the tightest. */
#include "standin.h"

struct packer {
    struct bytes *to;
    DWORD hold;
    int count;
};

static void put(struct packer *packer, unsigned value, int count)
{
    packer->hold |= value << packer->count;
    packer->count += count;
    while (packer->count >= 8) {
        BYTE byte = (BYTE)packer->hold;
        append(packer->to, &byte, 1);
        packer->hold >>= 8;
        packer->count -= 8;
    }
}

/* Huffman codes go out with their highest bit first. */
static void put_code(struct packer *packer, unsigned code, int count)
{
    unsigned reversed = 0;
    int i;
    for (i = 0; i < count; i++) reversed |= (code >> i & 1) << (count - 1 - i);
    put(packer, reversed, count);
}

static void put_symbol(struct packer *packer, unsigned symbol)
{
    if (symbol < 144) put_code(packer, 0x30 + symbol, 8);
    else if (symbol < 256) put_code(packer, 0x190 + symbol - 144, 9);
    else if (symbol < 280) put_code(packer, symbol - 256, 7);
    else put_code(packer, 0xc0 + symbol - 280, 8);
}

static void put_match(struct packer *packer, unsigned length, unsigned distance)
{
    unsigned symbol, extra, bits;
    if (length == 258) {
        put_symbol(packer, 285);
    } else {
        unsigned rest = length - 3;
        for (bits = 0; rest >> bits >= 8; bits++) continue;
        symbol = rest < 8 ? 257 + rest : 257 + (bits << 2) + (rest >> bits);
        put_symbol(packer, symbol);
        put(packer, rest & ((1u << bits) - 1), (int)bits);
    }
    extra = distance - 1;
    for (bits = 0; extra >> bits >= 4; bits++) continue;
    symbol = extra < 4 ? extra : (bits << 1) + (extra >> bits);
    put_code(packer, symbol, 5);
    put(packer, extra & ((1u << bits) - 1), (int)bits);
}

void deflate(const BYTE *data, size_t size, struct bytes *to)
{
    struct packer packer = {to, 0, 0};
    static size_t heads[1 << 15];
    size_t at = 0;
    memset(heads, 0xff, sizeof(heads));
    put(&packer, 1, 1);
    put(&packer, 1, 2);
    while (at < size) {
        size_t length = 0, before = (size_t)-1;
        if (size - at >= 4) {
            DWORD four, hash;
            memcpy(&four, data + at, 4);
            hash = four * 2654435761u >> 17;
            before = heads[hash];
            heads[hash] = at;
            if (before != (size_t)-1 && at - before <= 32768)
                while (length < 258 && at + length < size && data[before + length] == data[at + length]) length++;
        }
        if (length >= 4) {
            put_match(&packer, (unsigned)length, (unsigned)(at - before));
            at += length;
        } else {
            put_symbol(&packer, data[at++]);
        }
    }
    put_symbol(&packer, 256);
    put(&packer, 0, 7);
}

DWORD crc32_of(const BYTE *data, size_t size)
{
    static DWORD table[256];
    DWORD crc = 0xffffffff, i, j;
    if (!table[1])
        for (i = 0; i < 256; i++) {
            DWORD value = i;
            for (j = 0; j < 8; j++) value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
            table[i] = value;
        }
    while (size--) crc = table[(crc ^ *data++) & 0xff] ^ crc >> 8;
    return ~crc;
}
