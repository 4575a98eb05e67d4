package profiles

import (
	"encoding/binary"
	"fmt"
)

// binaryWalk follows the objects of a binary property list. Objects may be shared, so a small file can stand for a
// huge tree: every meeting counts.
type binaryWalk struct {
	content             []byte // up to the trailer
	table               uint64 // offset of the table of offsets
	count               uint64 // of objects
	offsetSize, refSize uint64 // bytes of an offset, of a reference
	left                int    // values that may still be met
}

// walkBinary makes sure that everything reachable from the root is inside the file, and that it is bounded in depth
// and number.
func walkBinary(content []byte) error {
	const trailer = 32
	if len(content) < 8+trailer {
		return damaged("it breaks off")
	}
	end := content[len(content)-trailer:]
	w := binaryWalk{
		content:    content[:len(content)-trailer],
		offsetSize: uint64(end[6]), refSize: uint64(end[7]),
		count: binary.BigEndian.Uint64(end[8:]), table: binary.BigEndian.Uint64(end[24:]),
		left: maxValues,
	}
	size := uint64(len(w.content))
	if w.offsetSize < 1 || w.offsetSize > 8 || w.refSize < 1 || w.refSize > 8 ||
		w.table > size || w.count > (size-w.table)/w.offsetSize {
		return damaged("its trailer contradicts its size")
	}
	return w.object(binary.BigEndian.Uint64(end[16:]), 0)
}

func damaged(detail string) error {
	return unreadable(Malformed, "the binary property list is damaged: "+detail, "export it again")
}

func (w *binaryWalk) object(ref uint64, depth int) error {
	if depth > maxDepth {
		return unreadable(TooDeep, fmt.Sprintf("values nest deeper than %d, or contain themselves", maxDepth), "export it again")
	}
	if w.left--; w.left < 0 {
		return unreadable(TooLarge, fmt.Sprintf("there are more than %d values", maxValues), "profiles have some dozens")
	}
	if ref >= w.count {
		return damaged("an object is referred to that it does not have")
	}
	at := w.number(w.table+ref*w.offsetSize, w.offsetSize)
	if at >= w.table {
		return damaged("an object lies outside the file")
	}
	kind := w.content[at] >> 4
	if kind != 0xA && kind != 0xD { // neither array nor dictionary
		return nil
	}
	return w.items(at, kind == 0xD, depth)
}

// items follows the references of an array, or of a dictionary: first its keys, then its values.
func (w *binaryWalk) items(at uint64, dictionary bool, depth int) error {
	n, start := uint64(w.content[at]&0x0F), at+1
	if n == 0x0F { // the number follows as an integer object
		if start >= w.table || w.content[start]>>4 != 1 {
			return damaged("a collection has no length")
		}
		width := uint64(1) << (w.content[start] & 0x0F)
		if width > 8 || start+1+width > w.table {
			return damaged("the length of a collection breaks off")
		}
		n, start = w.number(start+1, width), start+1+width
	}
	if n > (w.table-start)/w.refSize {
		return damaged("a collection breaks off")
	}
	if dictionary {
		if n *= 2; n > (w.table-start)/w.refSize {
			return damaged("a dictionary breaks off")
		}
	}
	for i := range n {
		if err := w.object(w.number(start+i*w.refSize, w.refSize), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// number reads a big-endian integer of 1 to 8 bytes, which the caller knows to be inside the content.
func (w *binaryWalk) number(at, size uint64) uint64 {
	var n uint64
	for _, b := range w.content[at : at+size] {
		n = n<<8 | uint64(b)
	}
	return n
}
