internal import AllianceTrust
internal import Foundation

/// Files of carried messages (`.hscarry`, `.hsarchive`), which may be larger than memory.
enum CarriedFile {
    /// Opens one for reading; a pipe, a device or a directory is refused.
    ///
    /// - Parameter command: what writes such files, for the next step.
    static func open(_ path: String, writtenBy command: String) throws -> FileHandle {
        do {
            return FileHandle(fileDescriptor: try DurableFile.openRegular(path), closeOnDealloc: true)
        } catch let error as TrustError {
            throw CommandError(.noInput, error.message, nextStep: "name a file that \(command) wrote")
        }
    }
}
