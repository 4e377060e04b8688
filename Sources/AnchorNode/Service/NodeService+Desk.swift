import AttestationFormat
import MerkleTree

extension NodeService {
    /// Serves those who wait at the desk; entries are answered when they are under a root.
    func serveDesk() async throws {
        let turn = desk.takeTurn()
        guard !turn.isEmpty else { return }
        var entries: [(waiting: NodeDesk.Waiting, id: Digest, isNew: Bool)] = []
        var fatal: NodeError?
        for waiting in turn {
            do {
                switch waiting.request {
                case .entry(let bytes):
                    let (id, isNew) = try await core.take(entry: bytes)
                    entries.append((waiting, id, isNew))
                case .revocationList(let der):
                    waiting.continuation.resume(returning: .taken(try await core.take(revocationList: der)))
                case .trustFile(let bytes):
                    waiting.continuation.resume(returning: .taken(try await core.take(trustFile: bytes)))
                }
            } catch {
                if let error = error as? NodeError, error.code == .damagedStore { fatal = error }
                waiting.continuation.resume(throwing: error)
            }
        }
        try await answer(entries)
        if let fatal { throw fatal }
    }

    /// Brings entries under a root, and gives each its receipt.
    private func answer(_ entries: [(waiting: NodeDesk.Waiting, id: Digest, isNew: Bool)]) async throws {
        guard !entries.isEmpty else { return }
        do {
            send(try await recovering { try await self.core.integrate() })
        } catch {
            for entry in entries { entry.waiting.continuation.resume(throwing: error) }
            throw error
        }
        for (waiting, id, isNew) in entries {
            do {
                let receipt = try await core.receipt(ofEntry: id)
                waiting.continuation.resume(returning: .entry(SubmittedEntry(id: id, receipt: receipt, isNew: isNew)))
            } catch {
                waiting.continuation.resume(throwing: error)
            }
        }
    }
}
