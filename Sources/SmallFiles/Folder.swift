internal import CPosixShims
public import AttestationFormat

/// Listing of a directory.
public enum Folder {
    /// The names in a directory that end in `suffix`, sorted by their bytes. A directory that does not exist has none.
    ///
    /// - Parameter limit: the most entries such a directory may have, of any name.
    public static func names(in path: UTF8Text, suffix: UTF8Text, limit: Int) throws(FileError) -> [UTF8Text] {
        var systemError: Int32 = 0
        let opened = try withCPath(path) { hs_folder_open($0, &systemError) }
        guard let folder = opened else {
            if systemError == hs_error_not_found { return [] }
            throw FileError(.list, path, systemError: systemError)
        }
        defer { hs_folder_close(folder) }
        var names: [UTF8Text] = []
        var seen = 0
        while let name = hs_folder_next(folder, &systemError) {
            seen += 1
            guard seen <= limit else { throw FileError(.tooManyEntries, path) }
            guard let text = UTF8Text(validating: bytes(of: name)), text.hasSuffix(suffix) else { continue }
            names.append(text)
        }
        guard systemError == 0 else { throw FileError(.list, path, systemError: systemError) }
        return SortedOrder.indices(names.count) { names[$0] < names[$1] }.map { names[$0] }
    }

    private static func bytes(of name: UnsafePointer<CChar>) -> [UInt8] {
        var bytes: [UInt8] = []
        var position = 0
        while name[position] != 0 {
            bytes.append(UInt8(bitPattern: name[position]))
            position += 1
        }
        return bytes
    }
}

extension UTF8Text {
    fileprivate func hasSuffix(_ suffix: UTF8Text) -> Bool {
        guard bytes.count >= suffix.bytes.count else { return false }
        let offset = bytes.count - suffix.bytes.count
        for index in suffix.bytes.indices where bytes[offset + index] != suffix.bytes[index] { return false }
        return true
    }
}
