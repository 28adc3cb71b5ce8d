using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace McpPortal.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class ToolsetsAndPrograms : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "service_key_id",
                table: "tool_calls",
                type: "character varying(32)",
                maxLength: 32,
                nullable: true);

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
                name: "service_key_id",
                table: "mcp_sessions",
                type: "character varying(32)",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "toolsets",
                table: "access_keys",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "service_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    group_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_service_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_service_keys_groups_group_id",
                        column: x => x.group_id,
                        principalTable: "groups",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

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
                name: "act_as_consents",
                columns: table => new
                {
                    service_key_id = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    given_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_act_as_consents", x => new { x.service_key_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_act_as_consents_service_keys_service_key_id",
                        column: x => x.service_key_id,
                        principalTable: "service_keys",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_act_as_consents_users_user_id",
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
                name: "ix_act_as_consents_user_id",
                table: "act_as_consents",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_service_keys_group_id",
                table: "service_keys",
                column: "group_id");

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
                name: "act_as_consents");

            migrationBuilder.DropTable(
                name: "toolset_servers");

            migrationBuilder.DropTable(
                name: "service_keys");

            migrationBuilder.DropTable(
                name: "toolsets");

            migrationBuilder.DropColumn(
                name: "service_key_id",
                table: "tool_calls");

            migrationBuilder.DropColumn(
                name: "toolset_id",
                table: "oauth_grants");

            migrationBuilder.DropColumn(
                name: "toolset_name",
                table: "oauth_grants");

            migrationBuilder.DropColumn(
                name: "service_key_id",
                table: "mcp_sessions");

            migrationBuilder.DropColumn(
                name: "toolsets",
                table: "access_keys");
        }
    }
}
