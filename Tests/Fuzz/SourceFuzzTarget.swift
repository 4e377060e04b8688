// The entry point of libFuzzer for the sources' readers. Compiled by run.sh together with Tests/SensorSourcesTests/SourceFuzzReader.swift.
import Glibc

private let reader: SourceFuzzReader = {
    guard let name = getenv("HARBORSEAL_FUZZ_READER"), let reader = SourceFuzzReader(rawValue: String(cString: name)) else {
        fatalError("HARBORSEAL_FUZZ_READER names no reader: " + SourceFuzzReader.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return reader
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader.feed(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
