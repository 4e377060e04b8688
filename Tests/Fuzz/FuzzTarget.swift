// The entry point of libFuzzer. Compiled by run.sh once with each file of readers, whose enum it is told by -D; the reader is named by the
// environment, so that one build serves all of a file's.
import Glibc

#if SOURCES
    private typealias Readers = SourceFuzzReader
#elseif IDENTITY
    private typealias Readers = IdentityFuzzReader
#else
    private typealias Readers = FuzzReader
#endif

private let reader: Readers = {
    guard let name = getenv("HARBORSEAL_FUZZ_READER"), let reader = Readers(rawValue: String(cString: name)) else {
        fatalError("HARBORSEAL_FUZZ_READER names no reader: " + Readers.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return reader
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader.feed(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
