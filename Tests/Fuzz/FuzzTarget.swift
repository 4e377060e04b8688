// The entry point of libFuzzer. Compiled by run.sh together with Sources/HarborsealTesting/FuzzReader.swift, once; the reader is named
// by the environment, so that one build serves all.
import Glibc

private let reader: FuzzReader = {
    guard let name = getenv("HARBORSEAL_FUZZ_READER"), let reader = FuzzReader(rawValue: String(cString: name)) else {
        fatalError("HARBORSEAL_FUZZ_READER names no reader: " + FuzzReader.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return reader
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader.feed(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
