//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Offset and weight of a tap, and what moves the bytes of two neighbouring
// samples, which a gather finds in the low half of a word, into its two halves.
DATA offset<>+0(SB)/4, $0x00003fff
GLOBL offset<>(SB), RODATA|NOPTR, $4
DATA upper<>+0(SB)/4, $0xffff0000
GLOBL upper<>(SB), RODATA|NOPTR, $4
DATA weightOne<>+0(SB)/4, $0x00000800
GLOBL weightOne<>(SB), RODATA|NOPTR, $4
DATA evenBytes<>+0(SB)/4, $0x00ff00ff
GLOBL evenBytes<>(SB), RODATA|NOPTR, $4
DATA neighbours<>+0(SB)/8, $0x8005800480018000
DATA neighbours<>+8(SB)/8, $0x800d800c80098008
GLOBL neighbours<>(SB), RODATA|NOPTR, $16
DATA channels<>+0(SB)/8, $0x0000000400000000
DATA channels<>+8(SB)/8, $0x0000000500000001
DATA channels<>+16(SB)/8, $0x0000000600000002
DATA channels<>+24(SB)/8, $0x0000000700000003
GLOBL channels<>(SB), RODATA|NOPTR, $32

// TAPS loads eight taps at SI: offsets to Y1, pairs of weights (1 − w, w) to Y2.
#define TAPS \
	VMOVDQU (SI), Y2 \
	VPAND Y15, Y2, Y1 \
	VPSRLD $16, Y2, Y3 \
	VPAND Y14, Y2, Y2 \
	VPSUBD Y3, Y13, Y3 \
	VPOR Y3, Y2, Y2

// GATHER reads four bytes of row at each offset.
#define GATHER(row, into) \
	VPCMPEQD Y3, Y3, Y3 \
	VPGATHERDD Y3, (row)(Y1*1), into

#define CONSTANTS \
	VPBROADCASTD offset<>(SB), Y15 \
	VPBROADCASTD upper<>(SB), Y14 \
	VPBROADCASTD weightOne<>(SB), Y13 \
	VPBROADCASTD evenBytes<>(SB), Y12 \
	VBROADCASTI128 neighbours<>(SB), Y11

// CHROMA joins Cb in Y4 and Cr in Y5, both with all bits, and stores them.
#define CHROMA \
	VPSRLD $4, Y4, Y4 \
	VPSLLD $12, Y5, Y5 \
	VPBLENDW $0xaa, Y5, Y4, Y4 \
	VMOVDQU Y4, (DI)

// func scaleLumaAVX2(out *uint16, taps *tap, row *line, n int)
TEXT ·scaleLumaAVX2(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ taps+8(FP), SI
	MOVQ row+16(FP), R8
	MOVQ n+24(FP), CX
	CONSTANTS

eight:
	TAPS
	GATHER(R8, Y4)
	VPSHUFB Y11, Y4, Y4
	VPMADDWD Y2, Y4, Y4
	VPSRLD $4, Y4, Y4
	VPACKUSDW Y4, Y4, Y4
	VPERMQ $8, Y4, Y4
	VMOVDQU X4, (DI)
	ADDQ $32, SI
	ADDQ $16, DI
	SUBQ $8, CX
	JGT eight
	VZEROUPPER
	RET

// func scalePairsAVX2(out *uint32, taps *tap, row *line, n int)
TEXT ·scalePairsAVX2(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ taps+8(FP), SI
	MOVQ row+16(FP), R8
	MOVQ n+24(FP), CX
	CONSTANTS

eight:
	TAPS
	GATHER(R8, Y5)
	VPAND Y12, Y5, Y4
	VPSRLW $8, Y5, Y5
	VPMADDWD Y2, Y4, Y4
	VPMADDWD Y2, Y5, Y5
	CHROMA
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT eight
	VZEROUPPER
	RET

// func scalePlanesAVX2(out *uint32, taps *tap, cb, cr *line, n int)
TEXT ·scalePlanesAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ taps+8(FP), SI
	MOVQ cb+16(FP), R8
	MOVQ cr+24(FP), R9
	MOVQ n+32(FP), CX
	CONSTANTS

eight:
	TAPS
	GATHER(R8, Y4)
	GATHER(R9, Y5)
	VPSHUFB Y11, Y4, Y4
	VPSHUFB Y11, Y5, Y5
	VPMADDWD Y2, Y4, Y4
	VPMADDWD Y2, Y5, Y5
	CHROMA
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT eight
	VZEROUPPER
	RET

// LEVEL turns chroma in Y1 and the share of luma in Y0 into a channel's levels,
// not limited yet.
#define LEVEL(coef, offset, into) \
	VPMADDWD coef, Y1, into \
	VPADDD Y0, into, into \
	VPADDD offset, into, into \
	VPSRAD $20, into, into

// func convertAVX2(red, green, blue *uint8, y0, y1 *uint16, c0, c1 *uint32, lumaWeights, chromaWeights uint32, k *colour, n int)
TEXT ·convertAVX2(SB), NOSPLIT, $0-80
	MOVQ red+0(FP), R8
	MOVQ green+8(FP), R9
	MOVQ blue+16(FP), R10
	MOVQ y0+24(FP), SI
	MOVQ y1+32(FP), DI
	MOVQ c0+40(FP), R11
	MOVQ c1+48(FP), R12
	MOVL lumaWeights+56(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVL chromaWeights+60(FP), AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	MOVQ k+64(FP), AX
	MOVQ n+72(FP), CX
	VPBROADCASTD colour_y(AX), Y13
	VPBROADCASTD colour_red(AX), Y12
	VPBROADCASTD colour_green(AX), Y11
	VPBROADCASTD colour_blue(AX), Y10
	VPBROADCASTD colour_r(AX), Y9
	VPBROADCASTD colour_g(AX), Y8
	VPBROADCASTD colour_b(AX), Y7
	VMOVDQU channels<>(SB), Y6

eight:
	// Luma: the two rows side by side, so that one instruction interpolates.
	VPMOVZXWD (SI), Y0
	VPMOVZXWD (DI), Y1
	VPSLLD $16, Y1, Y1
	VPOR Y1, Y0, Y0
	VPMADDWD Y15, Y0, Y0
	VPSRLD $11, Y0, Y0
	VPMADDWD Y13, Y0, Y0
	// Chroma likewise; packing undoes the order of unpacking.
	VMOVDQU (R11), Y2
	VMOVDQU (R12), Y3
	VPUNPCKLWD Y3, Y2, Y1
	VPUNPCKHWD Y3, Y2, Y2
	VPMADDWD Y14, Y1, Y1
	VPMADDWD Y14, Y2, Y2
	VPSRLD $11, Y1, Y1
	VPSRLD $11, Y2, Y2
	VPACKUSDW Y2, Y1, Y1
	LEVEL(Y12, Y9, Y2)
	LEVEL(Y11, Y8, Y3)
	LEVEL(Y10, Y7, Y4)
	// Packing limits to 0–255; then red, green and blue lie eight by eight.
	VPACKSSDW Y3, Y2, Y2
	VPACKSSDW Y4, Y4, Y4
	VPACKUSWB Y4, Y2, Y2
	VPERMD Y2, Y6, Y2
	VMOVQ X2, (R8)
	VMOVHPS X2, (R9)
	VEXTRACTI128 $1, Y2, X2
	VMOVQ X2, (R10)
	ADDQ $16, SI
	ADDQ $16, DI
	ADDQ $32, R11
	ADDQ $32, R12
	ADDQ $8, R8
	ADDQ $8, R9
	ADDQ $8, R10
	SUBQ $8, CX
	JGT eight
	VZEROUPPER
	RET

// func lookUpAVX2(out *float32, in *uint8, values *[256]float32, n int)
TEXT ·lookUpAVX2(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ in+8(FP), SI
	MOVQ values+16(FP), R8
	MOVQ n+24(FP), CX

eight:
	VPMOVZXBD (SI), Y1
	VPCMPEQD Y3, Y3, Y3
	VGATHERDPS Y3, (R8)(Y1*4), Y0
	VMOVUPS Y0, (DI)
	ADDQ $8, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT eight
	VZEROUPPER
	RET
