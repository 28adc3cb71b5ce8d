using System.Diagnostics.CodeAnalysis;
using System.Xml.Linq;
using McpPortal.Data;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace McpPortal.Vault;

/// <summary>Keeps the Data Protection ring in the database, shared by all nodes.</summary>
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "IXmlRepository is synchronous; it runs a few times in the life of a process.")]
internal sealed class DataProtectionStore(PortalDatabase database, TimeProvider time) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(async () =>
    {
        await using var scope = await database.ForSystemAsync(CancellationToken.None);
        return (IReadOnlyCollection<XElement>)[.. scope.Db.DataProtectionKeys.Select(k => k.Xml).AsEnumerable().Select(xml => XElement.Parse(xml))];
    }).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName) => Task.Run(async () =>
    {
        await using var scope = await database.ForSystemAsync(CancellationToken.None);
        scope.Db.DataProtectionKeys.Add(new DataProtectionKey
        {
            Name = friendlyName,
            Xml = element.ToString(SaveOptions.DisableFormatting),
            CreatedAt = time.GetUtcNow(),
        });
        await scope.CommitAsync(CancellationToken.None);
    }).GetAwaiter().GetResult();
}
