/* Raw DEFLATE (RFC 1951), whole input in memory. */
#include "standin.h"

struct bits {
    const BYTE *data;
    size_t size, at;
    DWORD hold;
    int count;
    BOOL broken;
};

struct table {
    WORD counts[16];
    WORD symbols[288];
};

static unsigned take(struct bits *from, int count)
{
    unsigned value;
    while (from->count < count) {
        if (from->at == from->size) {
            from->broken = TRUE;
            return 0;
        }
        from->hold |= (DWORD)from->data[from->at++] << from->count;
        from->count += 8;
    }
    value = from->hold & ((1u << count) - 1);
    from->hold >>= count;
    from->count -= count;
    return value;
}

static int decode(struct bits *from, const struct table *table)
{
    int code = 0, first = 0, index = 0, length;
    for (length = 1; length < 16 && !from->broken; length++) {
        code |= (int)take(from, 1);
        if (code - table->counts[length] < first) return table->symbols[index + code - first];
        index += table->counts[length];
        first = (first + table->counts[length]) << 1;
        code <<= 1;
    }
    from->broken = TRUE;
    return 0;
}

static void build(struct table *table, const BYTE *lengths, int count)
{
    WORD offsets[16];
    int i;
    memset(table, 0, sizeof(*table));
    for (i = 0; i < count; i++) table->counts[lengths[i]]++;
    table->counts[0] = 0;
    offsets[1] = 0;
    for (i = 1; i < 15; i++) offsets[i + 1] = (WORD)(offsets[i] + table->counts[i]);
    for (i = 0; i < count; i++)
        if (lengths[i]) table->symbols[offsets[lengths[i]]++] = (WORD)i;
}

static void copy_stored(struct bits *from, struct bytes *to)
{
    unsigned size;
    /* Whole bytes that were read ahead belong to the block. */
    from->at -= (size_t)from->count / 8;
    from->hold = 0;
    from->count = 0;
    if (from->size - from->at < 4) {
        from->broken = TRUE;
        return;
    }
    size = from->data[from->at] | (unsigned)from->data[from->at + 1] << 8;
    if (size != (~(from->data[from->at + 2] | (unsigned)from->data[from->at + 3] << 8) & 0xffff)) from->broken = TRUE;
    from->at += 4;
    if (from->broken || from->size - from->at < size) {
        from->broken = TRUE;
        return;
    }
    append(to, from->data + from->at, size);
    from->at += size;
}

static void copy_coded(struct bits *from, struct bytes *to, const struct table *literals, const struct table *distances)
{
    static const WORD lengths[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const BYTE length_bits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const WORD starts[] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    static const BYTE start_bits[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    while (!from->broken) {
        int symbol = decode(from, literals);
        if (symbol < 256) {
            BYTE byte = (BYTE)symbol;
            if (!from->broken) append(to, &byte, 1);
        } else if (symbol == 256) {
            return;
        } else if (symbol - 257 < 29) {
            unsigned length = lengths[symbol - 257] + take(from, length_bits[symbol - 257]), distance;
            symbol = decode(from, distances);
            if (symbol >= 30) from->broken = TRUE;
            if (from->broken) return;
            distance = starts[symbol] + take(from, start_bits[symbol]);
            if (distance > to->size) {
                from->broken = TRUE;
                return;
            }
            while (length--) {
                BYTE byte = to->data[to->size - distance];
                append(to, &byte, 1);
            }
        } else {
            from->broken = TRUE;
        }
    }
}

static void read_tables(struct bits *from, struct table *literals, struct table *distances)
{
    static const BYTE order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    BYTE lengths[320] = {0};
    struct table codes;
    int literal_count = (int)take(from, 5) + 257, distance_count = (int)take(from, 5) + 1, code_count = (int)take(from, 4) + 4, i;
    for (i = 0; i < code_count; i++) lengths[order[i]] = (BYTE)take(from, 3);
    build(&codes, lengths, 19);
    memset(lengths, 0, sizeof(lengths));
    for (i = 0; i < literal_count + distance_count && !from->broken;) {
        int symbol = decode(from, &codes), repeat = 1;
        BYTE length = (BYTE)symbol;
        if (symbol == 16) {
            if (!i) from->broken = TRUE;
            else length = lengths[i - 1];
            repeat = 3 + (int)take(from, 2);
        } else if (symbol >= 17) {
            length = 0;
            repeat = symbol == 17 ? 3 + (int)take(from, 3) : 11 + (int)take(from, 7);
        }
        if (i + repeat > literal_count + distance_count) from->broken = TRUE;
        while (repeat-- && !from->broken) lengths[i++] = length;
    }
    build(literals, lengths, literal_count);
    build(distances, lengths + literal_count, distance_count);
}

static void fixed_tables(struct table *literals, struct table *distances)
{
    BYTE lengths[288];
    int i;
    for (i = 0; i < 288; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    build(literals, lengths, 288);
    memset(lengths, 5, 30);
    build(distances, lengths, 30);
}

BOOL inflate(const BYTE *data, size_t size, struct bytes *to, size_t *used)
{
    struct bits from = {data, size, 0, 0, 0, FALSE};
    static struct table literals, distances;
    unsigned last;
    do {
        unsigned kind;
        last = take(&from, 1);
        kind = take(&from, 2);
        if (kind == 0) {
            copy_stored(&from, to);
        } else if (kind == 3) {
            from.broken = TRUE;
        } else {
            if (kind == 1) fixed_tables(&literals, &distances);
            else read_tables(&from, &literals, &distances);
            if (!from.broken) copy_coded(&from, to, &literals, &distances);
        }
    } while (!last && !from.broken);
    *used = from.at - (size_t)from.count / 8;
    return !from.broken;
}
