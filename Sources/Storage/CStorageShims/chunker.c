// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "Chunker.h"

static const uint64_t gear[256] = {
    0x1f078eeeaf466138, 0x522954bacee5b4e0, 0x9246bc6a25b5c2f6, 0xb056bf9a5c669bf0,
    0xe91bef8a7042db0f, 0x0d40f3bf22d90f06, 0x0fc8642ad9496c37, 0x8ac74ac8f0e7ec9e,
    0x3c0303320771b4e4, 0xec62adcd7068d158, 0x6ebb6aaa77a58e97, 0x05ba06c618bcb38a,
    0xa8a8173c0a29dfba, 0x2c75a54da8a7433c, 0x205d0e046fa74a49, 0x5976b431ba6920db,
    0x70389770b954c6ee, 0xeab4ea6289690dde, 0xa0d266f3d65e6382, 0xbccf007d1ca87adb,
    0x9bfd2bf891a54753, 0x8eced38e5873f8bd, 0xeb3d1fa4d7ef5ead, 0xa2b8d8e9f0cd6ca5,
    0xa694f032166a3624, 0xd581670830e96824, 0x6cecb8ebafce95be, 0x7ded5fb94602b956,
    0xb067230db5137479, 0xce22e0d0ae7c9b8c, 0x7147e23d0be9923c, 0xda280eecf391eb9d,
    0x1da57cdbc0944a52, 0x2bf8bd90f351d6bd, 0xfa83b39713e8b664, 0xf867aa9431fc0edf,
    0xe08b348e2d570046, 0x90e3ac5de50678c6, 0xfc582701411390ba, 0x2c7043c67c34d33f,
    0x642a66931423acb1, 0x6313577c33f29e9c, 0x47a4e8d7be538c93, 0xcd27ffb70581303c,
    0xc07bfc7ef8eaffb8, 0xc6c1d4eb5e1a3e54, 0x5286931bc8015575, 0x56b3868577028146,
    0x0aa125ce00280160, 0xe112c5d972de5137, 0xa0443ae8de922257, 0xbb171f57f933ad65,
    0x9747df65d58e756e, 0xfb7af81ca676b66c, 0xc5e66c5ba0a6f1ac, 0x558d98f646b2fff9,
    0x139cad68a3e24b92, 0xe0907896ec3e80f8, 0x7c24f623bf513b9a, 0xd2405d4a560c81c1,
    0xadb6076e0866d170, 0x9c0ab91e14cc08f0, 0x7df7f668ed6b0b07, 0x8437acad8dcc3f4a,
    0x6d47cbac80d169a6, 0xaea6a5f0623d3b9a, 0x2119489704df30f8, 0x5ea061c37d3161b0,
    0x57f72441545fec48, 0x783fbbdab5aeb069, 0xf45e39ca620c37b3, 0xc36e526f04bd3195,
    0x30f033558c830912, 0x1a54ede5ce28df88, 0xa13c2108de5dde8d, 0x276187d6d8bedc82,
    0xe5359c16ec8cac98, 0xdc66cf7b1c09a63c, 0x3330303bcce49783, 0xbbae3168be3c9998,
    0x6ce6a6710339c238, 0x3082f1776dfab3f3, 0x1500fcacb83ac4c4, 0xda64b19584a87b28,
    0xccd814a811cd2aa4, 0x9699eea1a2a56b31, 0xb67327d270c1ec0f, 0x52320997a06ae9e6,
    0x07b291ced84ca9db, 0xac857cab092816df, 0x15fc7d75b9903e15, 0xe8f05fdf496080ee,
    0xbc977dbac338f89b, 0xe03f24e9e91d7e42, 0x9d0321f5adde496b, 0x3a33452e76869d01,
    0x2b2113b012932eb1, 0x3df4672215421abc, 0x31ad1db75f5da3bc, 0xe969906ab4d9a107,
    0x9ac380f134e7ad7e, 0x6b0c946a2c3fc43f, 0x06b104069457a2b2, 0x307a98aef78813cf,
    0x1a4bdcf9ccfe113a, 0x714d3663c2bf1590, 0xbd1650c4f3bb1022, 0x0522cceb5cd66bc0,
    0x69b5b94c381f2a1c, 0xf85480f7571ddfbc, 0xb7e72808122db195, 0x885749ab6c9761f9,
    0x52c3c54a3dca28a1, 0x4699b9167680ad93, 0xc47a8e6b3d35663f, 0x23d15fe3dd7b81b3,
    0xad981b92ec95be7e, 0x733bfe6914f28038, 0x0533fb2d490d8619, 0xc4b3f5bbb56b3ba3,
    0xa4a68eb557c26070, 0x2bd630d57b3783f2, 0x39fcba2d64c8c32a, 0xf083dafb68d8c0dd,
    0x3565ed213590bd91, 0x9cb23c44c03125fe, 0x5c9affa5d907e77c, 0x32f2319fff6896b7,
    0x5bf27d1b2fdce4f0, 0x1d3bb5474314d50c, 0x31357764df4f5c51, 0xad6ac31bf014d0cb,
    0xf69a2db0e07566f1, 0x7a781a958111ebb5, 0xeae2d3a11929076a, 0x0943a8392221cd36,
    0x573291c812270cac, 0xe768f194e71bb3b8, 0xe5376d91900ea7b4, 0xf9c81065ca781106,
    0xe02c80bf29d20e6d, 0xc0753df2dd3b90f7, 0x712ee2a714de886a, 0x7459b25cd72ce5fd,
    0x8d0b8856f57e6281, 0x306040e04e760ee8, 0xae03ee5c43b90f6a, 0xbf503fba1263b224,
    0xd44def9fd5f58a8e, 0x1cc82540b8ef32c3, 0xbe83ed98a7140430, 0xb08e61bf309fb2fd,
    0xafa55112f9ac8b0f, 0xbc762c4000cad75d, 0xc97e7ed573331395, 0x03df26799aba447c,
    0x556d96e2039665fa, 0x7ab90d09de46efd8, 0x540fc43b98f8cb42, 0x6c12fc1f48da8580,
    0xac3ea00a1a535426, 0x4ca330140b91bdc8, 0xbdcd1ca6231477f5, 0x2eb7486d0cfdd323,
    0xf801c43c7e21f774, 0xf5b5940a91d4026f, 0x0e6c0d71f438009f, 0xeda64c18615c037b,
    0xf7f2ae7b04bef121, 0xc7d3359fe6c19767, 0xfd0a00eeb009244e, 0x6d74c0f643bd186f,
    0x5eaa30aa5cdfaeea, 0x1674b9aa15b98e02, 0x2cfd05a156fced74, 0xa7e66ea0a350fa8b,
    0x27b01237dcded1c7, 0x5a47766ac466060e, 0xd32026293e86ec7a, 0x8531c1917107135d,
    0xbed6e8bda215d803, 0xbaf8cfe6b3daf8c7, 0xc8c64c6f4e516f9e, 0xa995b0c648623a13,
    0xe64175529cb471ca, 0xfbd36c0b3534d6fa, 0x4af6de697923d456, 0x3ef53cc680377239,
    0x2bef5a7c0e10e150, 0x40cb2c9075ac6c2b, 0xc127fe047722168f, 0x035e64b410ed77c7,
    0x593a09e4b697d254, 0xb8a98889002c0174, 0x05728f6951d7314e, 0x8272e09866dc188e,
    0xdf16ec40c0e51b05, 0x71c78a03d2979129, 0x33fc373284743d97, 0x1cb9c9e8beb578da,
    0x6caa6fb51e337c9c, 0xcd3b606cd1d81d33, 0x3428d30abd038501, 0xfad885115acfa4c0,
    0xc351d4bbd310e8a6, 0x8d4884286acb9843, 0x12f517f5404ef0ae, 0x30c7a11f8218b55d,
    0x9345b6d469411e88, 0xcba5fbc8d909167f, 0xc37a078bc527a994, 0xf4f641407148d365,
    0x388ec4e54c2c5570, 0x0488289d0910aa1a, 0xd98c8d0ac663e58b, 0x0b63c267bc722134,
    0x97c422c41be14f84, 0x32a2b1bc63bce734, 0xbff8a93e1f06f735, 0x04236a28f3a642d0,
    0x836d2025ee56cd7e, 0xc81b16a7784a18f7, 0x610a8d9ef01a5f91, 0x3cd0479eaf1778f8,
    0xcc73e1fe294f2653, 0x139195ef4091c8c0, 0x79f2a5d1d6aa8e1d, 0x988600ba5831775c,
    0x140deca242995d9e, 0x0d6b39eea8a340d0, 0x9787e3969ad0408c, 0xcc7215c43b9f28c7,
    0x597d1764b2b5040c, 0x81d91604776f0541, 0xf600fee87b3f75aa, 0x28a17d1ca0800c65,
    0xa04c31fa4b99c151, 0x9b48107ea5eda20e, 0x73b39d01efdce963, 0x97611368b1f1c940,
    0xee9e32d5eb5e6ea3, 0x6257b380a0a54058, 0x3e8bf9df972447c8, 0x222ff31ca033da28,
    0xd125ff3b1555b30d, 0xe9496c242a41573c, 0x54cae91abdfe69f3, 0xc4f8d14a3a95d34e,
    0xe96a762a0c0364cc, 0x8e3c70d5d1c3ec21, 0xc4431f47f61442e3, 0x7617e5035c5cfb2b,
    0xaef06822a49f2af7, 0x78dda648a318c810, 0xae9d1cd9dd17a1c0, 0x21dc791e43da70d8,
};

uint64_t drydock_chunker_gear(size_t index) { return gear[index & 255]; }

// The hash without the tests, over positions where no cut may be.
static uint64_t roll(uint64_t hash, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) hash = (hash << 1) + gear[bytes[i]];
    return hash;
}

// Finds the first position in 1...count behind `bytes` whose hash has no bit of `mask`; 0 when there is none.
static size_t scan(uint64_t *state, uint64_t mask, const uint8_t *bytes, size_t count) {
    uint64_t hash = *state;
    size_t i = 0;
    // Four bytes a round, in pairs: the chain through `hash` is then one shift and one addition for two bytes.
    for (; i + 4 <= count; i += 4) {
        const uint64_t g0 = gear[bytes[i]], g1 = gear[bytes[i + 1]], g2 = gear[bytes[i + 2]], g3 = gear[bytes[i + 3]];
        const uint64_t first = (hash << 1) + g0;
        const uint64_t second = (hash << 2) + ((g0 << 1) + g1);
        const uint64_t third = (second << 1) + g2;
        const uint64_t fourth = (second << 2) + ((g2 << 1) + g3);
        hash = fourth;
        if (__builtin_expect(!(first & mask) | !(second & mask) | !(third & mask) | !(fourth & mask), 0)) {
            const uint64_t hashes[4] = {first, second, third, fourth};
            for (size_t k = 0; k < 4; k++) {
                if (!(hashes[k] & mask)) { *state = hashes[k]; return i + k + 1; }
            }
        }
    }
    for (; i < count; i++) {
        hash = (hash << 1) + gear[bytes[i]];
        if (!(hash & mask)) { *state = hash; return i + 1; }
    }
    *state = hash;
    return 0;
}

static inline size_t smaller(size_t left, size_t right) { return left < right ? left : right; }

size_t drydock_chunker_advance(
    struct drydock_chunker *chunker, const uint8_t *bytes, size_t count, bool *is_cut) {
    size_t taken = 0;
    *is_cut = false;
    // The 64 bytes before the first position that counts warm the hash up; what lies before them has been shifted out.
    const size_t warm = chunker->minimum - 64;
    if (chunker->length < warm) {
        taken = smaller(count, warm - chunker->length);
        chunker->length += taken;
    }
    // The byte that completes the minimum is the first that may be a cut.
    if (taken < count && chunker->length < chunker->minimum - 1) {
        size_t step = smaller(count - taken, chunker->minimum - 1 - chunker->length);
        chunker->hash = roll(chunker->hash, bytes + taken, step);
        chunker->length += step;
        taken += step;
    }
    while (taken < count) {
        const bool is_strict = chunker->length + 1 < chunker->normal;
        // Lengths up to normal - 1 are strict; the last possible one is a cut whatever the hash says.
        const size_t limit = is_strict ? chunker->normal - 1 : chunker->maximum;
        const size_t step = smaller(count - taken, limit - chunker->length);
        const size_t found = scan(
            &chunker->hash, is_strict ? chunker->strict_mask : chunker->loose_mask, bytes + taken, step);
        taken += found ? found : step;
        chunker->length += found ? found : step;
        if (found || chunker->length == chunker->maximum) {
            chunker->length = 0;
            chunker->hash = 0;
            *is_cut = true;
            break;
        }
    }
    return taken;
}
