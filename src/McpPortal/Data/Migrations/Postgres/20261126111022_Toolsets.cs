using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace McpPortal.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Toolsets : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "toolset_id",
                table: "oauth_grants",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "toolset_name",
                table: "oauth_grants",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "toolsets",
                table: "access_keys",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "toolsets",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    description = table.Column<string>(type: "character varying(1000)", maxLength: 1000, nullable: true),
                    mode = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_toolsets", x => x.id);
                    table.UniqueConstraint("ak_toolsets_id_user_id", x => new { x.id, x.user_id });
                    table.ForeignKey(
                        name: "fk_toolsets_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "toolset_servers",
                columns: table => new
                {
                    toolset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    server_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    server_name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    tools = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_toolset_servers", x => new { x.toolset_id, x.server_id });
                    table.ForeignKey(
                        name: "fk_toolset_servers_toolsets_toolset_id_user_id",
                        columns: x => new { x.toolset_id, x.user_id },
                        principalTable: "toolsets",
                        principalColumns: new[] { "id", "user_id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_toolset_servers_toolset_id_user_id",
                table: "toolset_servers",
                columns: new[] { "toolset_id", "user_id" });

            migrationBuilder.CreateIndex(
                name: "ix_toolsets_user_id_name",
                table: "toolsets",
                columns: new[] { "user_id", "name" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "toolset_servers");

            migrationBuilder.DropTable(
                name: "toolsets");

            migrationBuilder.DropColumn(
                name: "toolset_id",
                table: "oauth_grants");

            migrationBuilder.DropColumn(
                name: "toolset_name",
                table: "oauth_grants");

            migrationBuilder.DropColumn(
                name: "toolsets",
                table: "access_keys");
        }
    }
}
