using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using McpPortal.Data;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace McpPortal.Vault;

/// <summary>Encrypts keys of the Data Protection ring under the vault's ring, so that a copy of the database forges no cookie.</summary>
internal sealed class DataProtectionEncryptor(KeyRing ring) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var (id, key) = ring.Active(KeyPurpose.DataProtection);
        var text = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        try
        {
            var wrapped = KeyWrap.Wrap(key, text, DataProtectionDecryptor.Binding(ring, id));
            return new EncryptedXmlInfo(
                new XElement("portalEncryptedKey", new XAttribute("ringKey", id), Convert.ToBase64String(wrapped)),
                typeof(DataProtectionDecryptor));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }
}

/// <summary>Counterpart of <see cref="DataProtectionEncryptor"/>; made by Data Protection from the service provider.</summary>
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "IXmlDecryptor is synchronous; it runs a few times in the life of a process.")]
internal sealed class DataProtectionDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        var ring = services.GetRequiredService<KeyRing>();
        var id = (Guid)encryptedElement.Attribute("ringKey")!;
        var key = Task.Run(() => ring.FindAsync(id, CancellationToken.None).AsTask()).GetAwaiter().GetResult() ?? throw new UndecryptableException("A Data Protection key", $"key {id} is not in the ring");
        var text = KeyWrap.Unwrap(key, Convert.FromBase64String(encryptedElement.Value), Binding(ring, id));
        try
        {
            return XElement.Parse(Encoding.UTF8.GetString(text));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    internal static byte[] Binding(KeyRing ring, Guid ringKeyId) => KeyWrap.Fields(ring.InstallId.ToString(), "data-protection", ringKeyId.ToString());
}
